/** The explorer visits a world once by its shape: so worlds of one shape must behave alike, or walks would be left out. */
import { MISTAKES, newTally, PROVEN, Shapes, tryAction, Violation } from '@skep/chaos';
import { RULES, type Rules } from '@skep/lane';
import { describe, expect, test } from 'vitest';
import { actionsOf } from '../../src/explorer/actions.js';
import type { Budget } from '../../src/explorer/budget.js';
import { firstWorld } from '../../src/explorer/first-world.js';
import type { World } from '../../src/explorer/world.js';

const WORLDS = 1_500;

interface Comparison {
  /** Worlds that were reached again on another way, and compared with the first of their shape. */
  readonly compared: number;
  readonly differing: readonly string[];
}

/** Walks breadth first, and compares what can follow each world with what can follow the first one of the same shape. */
function compareTwins(budget: Budget, rules: Rules): Comparison {
  const shapes = new Shapes(budget.nodes);
  const followers = (world: World): string =>
    actionsOf(world)
      .flatMap((action) => {
        const next = tryAction(action);
        if (next === undefined) return [];
        return next instanceof Violation ? ['violation'] : [shapes.vectorOf(next).join()];
      })
      .sort()
      .join('|');
  const known = new Map<string, string>();
  const differing: string[] = [];
  let compared = 0;
  let frontier = [firstWorld({ budget, rules, tally: newTally() })];
  while (frontier.length > 0 && known.size < WORLDS) {
    const following: World[] = [];
    for (const world of frontier) {
      const shape = shapes.vectorOf(world).join();
      const first = known.get(shape);
      const here = followers(world);
      if (first === undefined) {
        known.set(shape, here);
        for (const action of actionsOf(world)) {
          const next = tryAction(action);
          if (next !== undefined && !(next instanceof Violation)) following.push(next);
        }
      } else {
        compared += 1;
        if (first !== here) differing.push(shape);
      }
    }
    frontier = following;
  }
  return { compared, differing };
}

describe('worlds of one shape behave alike', () => {
  for (const { name, budget } of PROVEN) {
    test(`in the world "${name}"`, () => {
      const { compared, differing } = compareTwins(budget, RULES);
      expect(compared).toBeGreaterThan(WORLDS / 4);
      expect(differing).toEqual([]);
    });
  }

  test('also under every planted mistake', () => {
    for (const { budget, rules } of MISTAKES) expect(compareTwins({ ...budget, nodes: 2 }, rules).differing).toEqual([]);
  });
});
