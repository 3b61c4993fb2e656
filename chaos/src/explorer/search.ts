/** Breadth first over all worlds that can be reached, each visited once. What is kept of a visited world is how it came about. */

import type { Rules } from '@skep/lane';
import { type Action, actionsOf } from './actions.js';
import type { Budget } from './budget.js';
import { Fingerprints } from './fingerprints.js';
import { firstWorld } from './first-world.js';
import { MESSAGE_RULES, type MessageRules } from './messages.js';
import { newTally, type Tally, Violation } from './observer.js';
import { Shapes } from './shapes.js';
import type { World } from './world.js';

export interface SearchOptions {
  readonly budget: Budget;
  readonly rules: Rules;
  readonly messages?: MessageRules;
  readonly statesMax: number;
  /** Called now and then with the states found so far. */
  readonly onProgress?: (states: number) => void;
}

interface Found {
  readonly states: number;
  /** Actions tried, those that led to a known world too. */
  readonly actions: number;
  /** Length of the longest walk. */
  readonly depth: number;
  readonly tally: Tally;
}

export type SearchResult =
  | (Found & { readonly kind: 'clean'; readonly complete: 'yes' | 'no' })
  /** `path`: the place of each step among the actions of its world, for `replay`. */
  | (Found & { readonly kind: 'violation'; readonly message: string; readonly path: readonly number[] });

export type ReplayOptions = Pick<SearchOptions, 'budget' | 'rules' | 'messages'> & { readonly path: readonly number[] };

const PROGRESS_EVERY = 20_000;

export function search({ budget, rules, messages = MESSAGE_RULES, statesMax, onProgress }: SearchOptions): SearchResult {
  const tally = newTally();
  const start = firstWorld({ budget, rules, messages, tally });
  const shapes = new Shapes(budget.nodes);
  const visited = new Fingerprints();
  const walks = new Walks();
  visited.add(shapes.vectorOf(start));
  walks.add(-1, 0);
  let frontier: { readonly world: World; readonly index: number }[] = [{ world: start, index: 0 }];
  let actions = 0;
  for (let depth = 0; ; depth += 1) {
    const found = () => ({ states: visited.size, actions, depth, tally });
    if (frontier.length === 0) return { kind: 'clean', complete: 'yes', ...found() };
    const following: typeof frontier = [];
    for (const { world, index } of frontier) {
      const possible = actionsOf(world);
      for (let at = 0; at < possible.length; at += 1) {
        actions += 1;
        const next = tryAction(possible[at] as Action);
        if (next instanceof Violation) return { kind: 'violation', message: next.message, path: [...walks.to(index), at], ...found() };
        if (next === undefined || !visited.add(shapes.vectorOf(next))) continue;
        following.push({ world: next, index: walks.add(index, at) });
        if (visited.size % PROGRESS_EVERY === 0) onProgress?.(visited.size);
        if (visited.size >= statesMax) return { kind: 'clean', complete: 'no', ...found() };
      }
    }
    frontier = following;
  }
}

/** The steps of a path in words, and what was seen at its end. */
export function replay({ budget, rules, messages = MESSAGE_RULES, path }: ReplayOptions): {
  readonly steps: readonly string[];
  readonly seen: string | undefined;
} {
  let world = firstWorld({ budget, rules, messages, tally: newTally() });
  const steps: string[] = [];
  for (const at of path) {
    const action = actionsOf(world)[at];
    if (action === undefined) return { steps, seen: `there is no action ${at} in this world` };
    steps.push(action.label());
    const next = tryAction(action);
    if (next instanceof Violation) return { steps, seen: next.message };
    world = next ?? world;
  }
  return { steps, seen: undefined };
}

export function tryAction(action: Action): World | Violation | undefined {
  try {
    return action.next();
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}

/** Where each visited world came from, in flat memory. */
class Walks {
  private parents = new Int32Array(1 << 16);
  private steps = new Uint16Array(1 << 16);
  private size = 0;

  add(parent: number, step: number): number {
    if (this.size === this.parents.length) {
      const { parents, steps } = this;
      this.parents = new Int32Array(parents.length * 2);
      this.steps = new Uint16Array(steps.length * 2);
      this.parents.set(parents);
      this.steps.set(steps);
    }
    this.parents[this.size] = parent;
    this.steps[this.size] = step;
    return this.size++;
  }

  to(index: number): readonly number[] {
    const path: number[] = [];
    for (let at = index; at > 0; at = this.parents[at] as number) path.push(this.steps[at] as number);
    return path.reverse();
  }
}
