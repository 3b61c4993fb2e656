/**
 * What the programs beside this file share. Each measures one other system in a process of its own, with the state and the closed loops
 * that Skep is measured with, and writes what it found as one line of JSON.
 *
 * The systems are loaded by name at run time: they belong to this folder's own packages, not to the repository's.
 */

/** @typedef {{ dir: string, agents: number, rounds: number, roundMs: number, operations: number }} Task */
/** @typedef {{ id: string, unit: string, level: string, name: string, samples: number[], note: string }} Measured */

/** @type {Task} */
export const task = JSON.parse(process.argv[2] ?? '{}');

/** @param {string} name */
export const load = (name) => import(import.meta.resolve(name));

/** 2.4 KB as JSON. @param {string} name */
export function initialState(name) {
  const memory = Array.from({ length: 50 }, (_, index) => ({ text: `note ${index} of ${name}`, score: index / 50 }));
  return { id: name, step: 0, goal: 'keep the plan in step with the others', memory, tools: { search: 0, read: 0, write: 0, run: 0, ask: 0 } };
}

/**
 * Turns a second of callers that each await their turn, a round each; the first round only warms up.
 * @param {{ callers: number, over: number, turn: (agent: number) => unknown }} work
 */
export async function rates({ callers, over, turn }) {
  /** @type {number[]} */
  const samples = [];
  for (let round = -1; round < task.rounds; round += 1) {
    let turns = 0;
    const startMs = performance.now();
    const loop = async (/** @type {number} */ caller) => {
      for (let at = caller; performance.now() - startMs < task.roundMs; at += callers) {
        await turn(at % over);
        turns += 1;
      }
    };
    await Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)));
    if (round >= 0) samples.push((turns * 1000) / (performance.now() - startMs));
  }
  return samples;
}

/**
 * Milliseconds of one turn after the other; a fifth more of them warm up.
 * @param {() => unknown} turn
 */
export async function latencies(turn) {
  /** @type {number[]} */
  const samples = [];
  for (let each = -Math.ceil(task.operations / 5); each < task.operations; each += 1) {
    const startMs = performance.now();
    await turn();
    if (each >= 0) samples.push(performance.now() - startMs);
  }
  return samples;
}

/**
 * Says the results and ends, whatever the measured system still has open.
 * @param {Measured[]} measured
 */
export function finish(measured) {
  process.stdout.write(`\n${JSON.stringify(measured)}\n`, () => process.exit(0));
}
