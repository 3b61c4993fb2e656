/** Breadth first over all worlds that can be reached, each visited once by its hash. */
import { hash } from '@skep/kernel';
import { actionsOf } from './actions.js';
import { Violation, type World } from './world.js';

export interface SearchOptions {
  readonly statesMax: number;
  /** Called now and then with the states found so far. */
  readonly onProgress?: (states: number) => void;
}

export type SearchResult =
  | { readonly kind: 'clean'; readonly states: number; readonly complete: 'yes' | 'no' }
  | { readonly kind: 'violation'; readonly states: number; readonly message: string; readonly steps: readonly string[] };

interface Visited {
  readonly parent: number;
  readonly label: () => string;
}

const PROGRESS_EVERY = 20_000;

export function search(start: World, { statesMax, onProgress }: SearchOptions): SearchResult {
  const seen = new Set<string>([keyOf(start)]);
  const visited: Visited[] = [{ parent: -1, label: () => 'start' }];
  let frontier: { readonly world: World; readonly index: number }[] = [{ world: start, index: 0 }];
  while (frontier.length > 0) {
    const following: typeof frontier = [];
    for (const { world, index } of frontier) {
      for (const action of actionsOf(world)) {
        let next: World;
        try {
          next = action.next();
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
          return { kind: 'violation', states: seen.size, message: error.message, steps: [...stepsTo(visited, index), action.label()] };
        }
        const key = keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        visited.push({ parent: index, label: action.label });
        following.push({ world: next, index: visited.length - 1 });
        if (seen.size % PROGRESS_EVERY === 0) onProgress?.(seen.size);
        if (seen.size >= statesMax) return { kind: 'clean', states: seen.size, complete: 'no' };
      }
    }
    frontier = following;
  }
  return { kind: 'clean', states: seen.size, complete: 'yes' };
}

function keyOf(world: World): string {
  return Buffer.from(hash(world.key()).buffer, 0, 16).toString('latin1');
}

function stepsTo(visited: readonly Visited[], index: number): readonly string[] {
  const steps: string[] = [];
  for (let at = index; at > 0; at = (visited[at] as Visited).parent) steps.push((visited[at] as Visited).label());
  return steps.reverse();
}
