/** The states of `bench -- state`, as `chaos/src/bench/scenes/state/subject.ts` has them. */
import { initialState } from './peer.mjs';

const MESSAGES = 200;
const MESSAGE_WORDS = 92;
const FACTS = 10_000;

const words = (/** @type {number} */ of) => Array.from({ length: MESSAGE_WORDS }, (_, at) => `w${(of * 31 + at * 17) % 997}`).join(' ');

const small = () => initialState('agent-0000');
const long = () => ({
  ...small(),
  messages: Array.from({ length: MESSAGES }, (_, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', text: words(at), tokens: MESSAGE_WORDS })),
});
const wide = () => ({ facts: Object.fromEntries(FACT_NAMES.map((name, at) => [name, factText(at, 0)])) });

const FACT_NAMES = Array.from({ length: FACTS }, (_, at) => `fact ${at}`);
const factText = (/** @type {number} */ at, /** @type {number} */ to) => `what is known of ${at}, as of step ${to}`;

/** `set` changes one field in place; `path` leads to the field that `to` changes, `value` is what it becomes. `share`: of the operations, where
 * each takes tens of milliseconds. */
export const SUBJECTS = [
  {
    name: 'S',
    share: 1,
    make: small,
    set(/** @type {any} */ state, /** @type {number} */ to) {
      state.memory[to % 50].score = to + 0.5;
    },
    path: (/** @type {number} */ to) => ['memory', to % 50, 'score'],
    value: (/** @type {number} */ to) => to + 0.5,
  },
  {
    name: 'L',
    share: 1,
    make: long,
    set(/** @type {any} */ state, /** @type {number} */ to) {
      state.messages[to % MESSAGES].tokens = to + 100;
    },
    path: (/** @type {number} */ to) => ['messages', to % MESSAGES, 'tokens'],
    value: (/** @type {number} */ to) => to + 100,
  },
  {
    name: 'X',
    share: 0.15,
    make: wide,
    set(/** @type {any} */ state, /** @type {number} */ to) {
      state.facts[FACT_NAMES[to % FACTS] ?? ''] = factText(to % FACTS, to);
    },
    path: (/** @type {number} */ to) => ['facts', FACT_NAMES[to % FACTS] ?? ''],
    value: (/** @type {number} */ to) => factText(to % FACTS, to),
  },
];

/**
 * Microseconds of one operation after the other; half as many again warm up.
 * @param {number} operations @param {(at: number) => unknown} work
 */
export async function eachUs(operations, work) {
  /** @type {number[]} */
  const samples = [];
  for (let at = -Math.ceil(operations / 2); at < operations; at += 1) {
    const startMs = performance.now();
    await work(at + operations);
    const endMs = performance.now();
    if (at >= 0) samples.push((endMs - startMs) * 1000);
  }
  return samples;
}

/**
 * As `eachUs`, for what answers at once.
 * @param {number} operations @param {(at: number) => unknown} work
 */
export function eachUsAtOnce(operations, work) {
  /** @type {number[]} */
  const samples = [];
  for (let at = -Math.ceil(operations / 2); at < operations; at += 1) {
    const startMs = performance.now();
    work(at + operations);
    const endMs = performance.now();
    if (at >= 0) samples.push((endMs - startMs) * 1000);
  }
  return samples;
}
