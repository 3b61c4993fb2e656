/**
 * npm run explore -- [--states N] [--world NAME] [--mistakes] [--json]
 *
 * Walks the lane code through every order of events of small worlds (of large ones, through as many as the budget allows, and at random to
 * their end), and through worlds with a planted mistake each, which must be noticed.
 * Tables go to standard output, progress to standard error. Exit 0: nothing was seen that may not be; 1: something was; 2: wrong usage.
 */
import { totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { RULES } from '@skep/lane';
import { type NamedWorld, PROVEN } from './explorer/budget.js';
import { MISTAKES, type Mistake } from './explorer/mistakes.js';
import {
  counterexampleText,
  type MistakeRow,
  mistakeRow,
  mistakesTable,
  numberText,
  type WorldRow,
  worldRow,
  worldsTable,
} from './explorer/report.js';
import { search } from './explorer/search.js';
import { wander } from './explorer/wander.js';

const USAGE = `npm run explore -- [--states N] [--world NAME] [--mistakes] [--json]

  --states N      how many states to walk in all worlds together (default 3,000,000)
  --world NAME    this world only: ${PROVEN.map(({ name }) => `"${name}"`).join(', ')}
  --mistakes      the planted mistakes only
  --mistake NAME  this mistake only
  --steps A,B,C   walks these steps of the world or mistake again, as a counterexample names them
  --json          one JSON object on the last line of standard output

For example: npm run explore -- --world "moves" --json
`;

const STATES_DEFAULT = 3_000_000;
/** More than any mistake needs; one that is not found within is not found. */
const MISTAKE_STATES_MAX = 1_000_000;
/** Through each world that is too large to be walked to its end. */
const RANDOM_WALKS = 5_000;
const SEED = 1;
const PROGRESS_EVERY_MS = 1_000;

interface Plan {
  readonly worlds: readonly NamedWorld[];
  readonly mistakes: readonly Mistake[];
  readonly states: number;
  readonly steps: readonly number[] | undefined;
  readonly json: 'yes' | 'no';
}

// Worlds that wait to be walked take memory; the limit that Node sets by itself is lower than what the machine has.
setFlagsFromString(`--max-old-space-size=${Math.floor((totalmem() * 0.7) / 2 ** 20)}`);
process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const plan = planOf(args);
  if (typeof plan === 'string') {
    process.stderr.write(plan === '' ? '' : `${plan}\n\n`);
    (plan === '' ? process.stdout : process.stderr).write(USAGE);
    return plan === '' ? 0 : 2;
  }
  if (plan.steps !== undefined) return walkAgain(plan, plan.steps);
  const worlds = walkWorlds(plan);
  const mistakes = walkMistakes(plan);
  const states = [...worlds, ...mistakes].reduce((sum, row) => sum + row.states, 0);
  if (worlds.length > 0) print(worldsTable(worlds));
  if (mistakes.length > 0) print(`${worlds.length > 0 ? '\n' : ''}${mistakesTable(mistakes)}`);
  const wrong = worlds.filter(({ seen }) => seen !== null).length + mistakes.filter(({ seen }) => seen === null).length;
  print(`\n${numberText(states)} states; ${wrong === 0 ? 'every promise held, and every planted mistake was noticed' : `${wrong} failed`}`);
  if (plan.json === 'yes') print(JSON.stringify({ states, failed: wrong, worlds, mistakes }));
  return wrong === 0 ? 0 : 1;
}

/** The plan, or what is wrong with the arguments; empty when only help was asked for. */
function planOf(args: readonly string[]): Plan | string {
  let values: { readonly [name: string]: string | boolean | undefined };
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const options = { states: text, world: text, mistakes: flag, mistake: text, steps: text, json: flag, help: flag };
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    return (error as Error).message;
  }
  if (values.help === true) return '';
  const states = values.states === undefined ? STATES_DEFAULT : Number(String(values.states).replaceAll(/[,_]/g, ''));
  if (!Number.isSafeInteger(states) || states < 1) return `--states takes a whole number, not ${values.states}`;
  const worlds = PROVEN.filter(({ name }) => values.world === undefined || name === values.world);
  if (worlds.length === 0) return `there is no world ${JSON.stringify(values.world)}`;
  const mistakes = MISTAKES.filter(({ name }) => values.mistake === undefined || name === values.mistake);
  if (mistakes.length === 0) return `there is no mistake ${JSON.stringify(values.mistake)}`;
  const steps = values.steps === undefined ? undefined : String(values.steps).split(',').map(Number);
  if (steps !== undefined && (values.world === undefined) === (values.mistake === undefined)) return '--steps takes a --world or a --mistake';
  const onlyMistakes = values.mistakes === true || values.mistake !== undefined;
  return {
    worlds: onlyMistakes ? [] : worlds,
    mistakes: values.world === undefined ? mistakes : [],
    states,
    steps,
    json: values.json === true ? 'yes' : 'no',
  };
}

function walkAgain({ worlds, mistakes }: Plan, path: readonly number[]): number {
  const [world] = worlds;
  const [mistake] = mistakes;
  const found = world === undefined ? mistake : { ...world, rules: RULES };
  if (found === undefined) return 2;
  const text = counterexampleText({ ...found, world: found.name, path });
  print(text);
  return text.includes('seen: nothing') ? 0 : 1;
}

/** What a world leaves of its share goes to those behind it. */
function walkWorlds({ worlds, states }: Plan): readonly WorldRow[] {
  let left = states;
  return worlds.map((world, index) => {
    const statesMax = Math.max(1, Math.ceil(left / (worlds.length - index)));
    const progress = startProgress(world.name);
    const result = search({ budget: world.budget, rules: RULES, statesMax, onProgress: progress.at });
    const row = worldRow(world, result, progress.end(result.states));
    left -= result.states;
    if (result.kind === 'violation') return { ...row, seen: violation(world, result) };
    if (result.complete === 'yes') return row;
    const wandered = wander({ budget: world.budget, rules: RULES, walks: RANDOM_WALKS, seed: SEED });
    return { ...row, randomSteps: wandered.steps, seen: wandered.kind === 'violation' ? violation(world, wandered) : null };
  });
}

/** Prints how it came about. */
function violation({ name, budget }: NamedWorld, found: { readonly message: string; readonly path: readonly number[] }): string {
  print(`In the world "${name}":\n${counterexampleText({ world: name, budget, rules: RULES, path: found.path })}\n`);
  return found.message;
}

function walkMistakes({ mistakes }: Plan): readonly MistakeRow[] {
  return mistakes.map((mistake) => {
    const progress = startProgress(mistake.name);
    const result = search({ ...mistake, statesMax: MISTAKE_STATES_MAX, onProgress: progress.at });
    progress.end(result.states);
    return mistakeRow(mistake, result);
  });
}

/** Told of states now and then; `end` gives the milliseconds that it took. */
function startProgress(name: string): { readonly at: (states: number) => void; readonly end: (states: number) => number } {
  const started = performance.now();
  let shown = started;
  const live = process.stderr.isTTY;
  const line = (states: number, now: number) =>
    `${name}: ${numberText(states)} states, ${numberText(Math.round((states * 1000) / (now - started)))}/s`;
  return {
    at: (states) => {
      const now = performance.now();
      if (now - shown < PROGRESS_EVERY_MS) return;
      shown = now;
      process.stderr.write(live ? `\r\x1b[K${line(states, now)}` : `${line(states, now)}\n`);
    },
    end: (states) => {
      const now = performance.now();
      if (shown > started) process.stderr.write(`${live ? '\r\x1b[K' : ''}${line(states, now)}, done\n`);
      return now - started;
    },
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
