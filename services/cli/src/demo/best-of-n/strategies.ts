/** Eight ways to choose what to remember of a work when there is not room for all of it, and how well a memory foresees what comes. */

/** A line that was thought, done or seen. */
export interface SeenLine {
  readonly text: string;
  readonly from: 'thought' | 'action' | 'observation';
  /** Number of the step, from 1. */
  readonly step: number;
}

export interface Strategy {
  readonly name: string;
  /** The higher, the rather it is kept; of equals the newest. */
  readonly rank: (line: SeenLine) => number;
}

/** Characters. */
export const ROOM = 300;
/** Where nothing of an action is known, and where all is. */
const LIKELIHOOD_MIN = 0.2;

export const STRATEGIES: readonly Strategy[] = [
  { name: 'the newest', rank: ({ step }) => step },
  { name: 'the oldest', rank: ({ step }) => -step },
  { name: 'short lines', rank: ({ text }) => -text.length },
  { name: 'long lines', rank: ({ text }) => text.length },
  { name: 'own thoughts', rank: ({ from }) => (from === 'thought' ? 1 : 0) },
  { name: 'own actions', rank: ({ from }) => (from === 'action' ? 1 : 0) },
  { name: 'files and names', rank: ({ text }) => (text.match(/[\w-]+[./_][\w./-]+/g) ?? []).length },
  { name: 'rare words', rank: ({ text }) => new Set(wordsOf(text)).size / Math.max(1, text.length) },
];

/** What a strategy keeps of all lines so far. */
export function remember(strategy: Strategy, lines: readonly SeenLine[]): string[] {
  const newest = new Map<string, SeenLine>();
  for (const line of lines) newest.set(line.text, line);
  const ranked = [...newest.values()].map((line) => ({ line, rank: strategy.rank(line) }));
  ranked.sort((one, other) => other.rank - one.rank || other.line.step - one.line.step);
  const kept: string[] = [];
  let room = ROOM;
  for (const { line } of ranked) {
    if (line.text.length > room) continue;
    kept.push(line.text);
    room -= line.text.length;
  }
  return kept;
}

/** How likely an action is for somebody with this memory: the more of its words are known, the more. */
export function likelihoodOf(action: string, memory: readonly string[]): number {
  const known = new Set(wordsOf(memory.join('\n')));
  const words = wordsOf(action);
  if (words.length === 0) return 1;
  return LIKELIHOOD_MIN + (1 - LIKELIHOOD_MIN) * (words.filter((word) => known.has(word)).length / words.length);
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\w{3,}/g) ?? [];
}
