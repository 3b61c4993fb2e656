/** The tests that draw their cases (fast-check), once for each seed: the long form of what `npm test` does with one. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runNode } from '../setup/child.mjs';
import { Failure } from '../setup/failure.mjs';
import { inRoot, ROOT, TOOL } from '../setup/places.mjs';
import { trackedFiles } from '../setup/tracked.mjs';

const SEEDS = 20;
/** A seed takes about one; one that takes longer hangs. */
const SEED_MINUTES_MAX = 15;
const USAGE = `Runs the tests that draw their cases, once for each seed, until one fails.

  npm run properties -- [--seeds N] [--from S] [part of a file name ...]

  --seeds N   how many seeds (default ${SEEDS})
  --from S    the first seed (default 1, which is that of npm test)

Example: npm run properties -- --from 100 --seeds 5 shared/state
Exit codes: 0 all held, 1 one did not, 2 the arguments make no sense.
`;

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function runProperties(args) {
  const { isHelp, seeds, from, parts } = readArguments(args);
  if (isHelp) {
    process.stdout.write(USAGE);
    return 0;
  }
  const files = trackedFiles().filter(
    (file) => file.endsWith('.test.ts') && (parts.length === 0 || parts.some((part) => file.includes(part))) && drawsCases(file),
  );
  if (files.length === 0) throw new Failure(`No test that draws its cases has ${parts.join(' or ')} in its name.`, 2);
  for (let seed = from; seed < from + seeds; seed += 1) {
    process.stdout.write(`seed ${seed} (${seed - from + 1} of ${seeds}, ${files.length} files): `);
    const env = { ...process.env, SKEP_SEED: `${seed}` };
    const options = { cwd: ROOT, env, output: /** @type {const} */ ('collect'), limitMs: SEED_MINUTES_MAX * 60_000 };
    const { code, text } = await runNode(TOOL.vitest, ['run', '--silent=passed-only', ...files], options);
    process.stdout.write(code === 0 ? 'held\n' : `failed\n\n${text}\nAgain: npm run properties -- --from ${seed} --seeds 1 ${parts.join(' ')}\n`);
    if (code !== 0) return 1;
  }
  return 0;
}

/** @param {readonly string[]} args */
export function readArguments(args) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { seeds: { type: 'string', default: `${SEEDS}` }, from: { type: 'string', default: '1' }, help: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    return { isHelp: values.help, seeds: wholeNumber('--seeds', values.seeds, 1), from: wholeNumber('--from', values.from, 0), parts: positionals };
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : error}\n\n${USAGE}`, 2);
  }
}

/**
 * @param {string} option
 * @param {string} text
 * @param {number} least
 */
function wholeNumber(option, text, least) {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) throw new Error(`${option} takes a whole number from ${least} on, not ${text}.`);
  return Number(text);
}

/** @param {string} file */
function drawsCases(file) {
  return readFileSync(inRoot(file), 'utf8').includes("from 'fast-check'");
}
