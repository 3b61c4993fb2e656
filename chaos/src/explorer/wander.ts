/** Walks at random to where nothing more can happen: reaches the depths of worlds that are too large to be walked breadth first. */
import type { Rules } from '@skep/lane';
import { type Action, actionsOf } from './actions.js';
import type { Budget } from './budget.js';
import { firstWorld } from './first-world.js';
import { newTally, type Tally, Violation } from './observer.js';
import { tryAction } from './search.js';

export interface WanderOptions {
  readonly budget: Budget;
  readonly rules: Rules;
  readonly walks: number;
  /** The same seed takes the same walks. */
  readonly seed: number;
}

export type WanderResult = { readonly steps: number; readonly depth: number; readonly tally: Tally } & (
  | { readonly kind: 'clean' }
  | { readonly kind: 'violation'; readonly message: string; readonly path: readonly number[] }
);

export function wander({ budget, rules, walks, seed }: WanderOptions): WanderResult {
  const chance = chanceOf(seed);
  const tally = newTally();
  let steps = 0;
  let depth = 0;
  for (let walk = 0; walk < walks; walk += 1) {
    let world = firstWorld({ budget, rules, tally });
    const path: number[] = [];
    for (let possible = actionsOf(world); possible.length > 0; possible = actionsOf(world)) {
      const at = Math.floor(chance() * possible.length);
      const next = tryAction(possible[at] as Action);
      steps += 1;
      if (next instanceof Violation) return { kind: 'violation', message: next.message, path: [...path, at], steps, depth, tally };
      // What changes nothing is possible again and again, so a walk ends when all that is left is of that kind.
      if (next === undefined) {
        if (possible.every((action) => tryAction(action) === undefined)) break;
        continue;
      }
      path.push(at);
      world = next;
    }
    depth = Math.max(depth, path.length);
  }
  return { kind: 'clean', steps, depth, tally };
}

/** Mulberry32 (Tommy Ettinger, public domain): numbers from 0 to 1. */
function chanceOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}
