/** The explorer visits a world once by its shape: so worlds of one shape must behave alike, or walks would be left out. */
import { MISTAKES, newTally, PROVEN, Shapes, tryAction, Violation } from '@skep/chaos';
import { RULES, type Rules } from '@skep/lane';
import { describe, expect, test } from 'vitest';
import { actionsOf } from '../../src/explorer/actions.js';
import { type Budget, NOTHING } from '../../src/explorer/budget.js';
import { firstWorld } from '../../src/explorer/first-world.js';
import type { World } from '../../src/explorer/world.js';

const WORLDS = 800;

interface Comparison {
  /** Worlds that were reached again on another way, and compared with the first of their shape. */
  readonly compared: number;
  readonly differing: readonly string[];
}

interface Twins {
  readonly budget: Budget;
  readonly rules: Rules;
  readonly vectorOf?: (world: World) => readonly number[];
}

/** Walks breadth first, and compares what can follow each world with what can follow the first one of the same shape. */
function compareTwins({ budget, rules, vectorOf }: Twins): Comparison {
  const shapes = new Shapes(budget.nodes);
  const shapeOf = (world: World) => (vectorOf ?? ((each) => shapes.vectorOf(each)))(world).join();
  const followers = (world: World): string =>
    actionsOf(world)
      .flatMap((action) => {
        const next = tryAction(action);
        if (next === undefined) return [];
        return next instanceof Violation ? ['violation'] : [shapeOf(next)];
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
      const shape = shapeOf(world);
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
      const { compared, differing } = compareTwins({ budget, rules: RULES });
      expect(compared).toBeGreaterThan(WORLDS / 4);
      expect(differing).toEqual([]);
    });
  }

  test('also under every planted mistake', () => {
    for (const { budget, rules } of MISTAKES) expect(compareTwins({ budget, rules }).differing).toEqual([]);
  });

  test('a shape that left anything out would be noticed', () => {
    const { budget } = PROVEN[0] as (typeof PROVEN)[0];
    const shapes = new Shapes(budget.nodes);
    for (const [what, left] of Object.entries({ nodes: [0, 2], directory: [4], 'nodes and lanes': [0, 1, 2, 3] })) {
      const vectorOf = (world: World) => shapes.vectorOf(world).filter((_, index) => !left.includes(index));
      expect(`${what}: ${compareTwins({ budget, rules: RULES, vectorOf }).differing.length > 0}`).toBe(`${what}: true`);
    }
  });

  test('worlds that differ only by the names of their nodes have one shape', () => {
    const budget: Budget = { ...NOTHING, nodes: 3, claims: 1 };
    const shapes = new Shapes(budget.nodes);
    const next = actionsOf(firstWorld({ budget, rules: RULES, tally: newTally() })).map((action) => tryAction(action));
    expect(next).toHaveLength(3);
    expect(new Set(next.map((world) => shapes.vectorOf(world as World).join())).size).toBe(1);
  });
});
