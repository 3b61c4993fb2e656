/**
 * `npm run verify`: everything that must hold before a change is pushed. Each step shows its name and seconds; the first
 * that fails shows its output and ends the run.
 */
import { runNode } from '../setup/child.mjs';
import { Failure } from '../setup/failure.mjs';
import { inRoot, ROOT, TOOL } from '../setup/places.mjs';
import { runTests } from '../testing/run.mjs';
import { featureProblems } from './features.mjs';
import { deadLinks } from './links.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} remedy what to do when it fails
 * @property {() => Promise<string>} run what is wrong, '' when all is well
 */

/** @type {readonly Step[]} */
const STEPS = [
  {
    name: 'format and lint',
    remedy: 'npm run format corrects most of it',
    run: () => tool(TOOL.biome, ['ci', '--colors=off', '--error-on-warnings', '.']),
  },
  { name: 'types of the rooms', remedy: 'npx tsc -b shows the same', run: () => tool(TOOL.tsc, ['-b']) },
  {
    name: 'types of tests, set-up and configuration',
    remedy: 'npx tsc -p tsconfig.test.json shows the same',
    run: () => tool(TOOL.tsc, ['-p', 'tsconfig.test.json']),
  },
  {
    name: 'dependency rules',
    remedy: 'declare the dependency, or move the code to a room that may import it (turbo.json, chaos/tidy/rooms.ts)',
    run: () => tool(TOOL.turbo, ['boundaries', '--no-color']),
  },
  { name: 'tidy', remedy: 'chaos/tidy says why each rule stands', run: () => tool(TOOL.vitest, ['run', 'chaos/tidy', '--reporter=dot']) },
  { name: 'FEATURES.md', remedy: 'correct the row, or write what it promises', run: async () => (await featureProblems()).join('\n') },
  { name: 'links in *.md', remedy: 'correct the link, or write the page', run: async () => deadLinks().join('\n') },
  {
    name: 'coverage of the state engine',
    remedy: 'npx vitest run shared/state --coverage shows what is not reached; test it, or delete it',
    run: () => tool(TOOL.vitest, ['run', 'shared/state', '--reporter=dot', '--coverage', '--coverage.reporter=text']),
  },
  { name: 'tests', remedy: 'npm test shows the same', run: async () => ((await runTests([])) === 0 ? '' : 'The tests fail; see above.') },
];

export async function verify() {
  const startMs = performance.now();
  for (const { name, remedy, run } of STEPS) {
    const stepStartMs = performance.now();
    process.stdout.write(`${name} ...\n`);
    const problem = await run();
    if (problem !== '') {
      throw new Failure(`${problem}\n\nverify stopped at "${name}" after ${seconds(stepStartMs)}. Remedy: ${remedy}.`);
    }
    process.stdout.write(`${name}: ${seconds(stepStartMs)}\n`);
  }
  process.stdout.write(`verify: all ${STEPS.length} steps hold, ${seconds(startMs)}\n`);
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {Promise<string>}
 */
async function tool(file, args) {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1', NO_COLOR: '1' };
  const result = await runNode(file, args, { cwd: ROOT, env, output: 'collect', limitMs: 10 * 60_000 });
  return result.code === 0 && !result.timedOut
    ? ''
    : result.text.trimEnd() || `${inRoot(file)} ended with exit code ${result.code} and said nothing.`;
}

/** @param {number} sinceMs */
const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1_000).toFixed(1)} s`;
