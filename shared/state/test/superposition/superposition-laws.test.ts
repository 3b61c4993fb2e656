/** Laws of superposition against a deliberately dumb model: full copies of plain objects, and probabilities that are multiplied out. */
import { agentId, LIMITS, type Value } from '@skep/kernel';
import {
  applyRecorded,
  applySteps,
  diff,
  draftOf,
  editInPlace,
  memoryHeads,
  NO_SUPERPOSITIONS,
  ownBytes,
  packTree,
  planSuperposition,
  recordedSteps,
  type SuperpositionCommand,
  SuperpositionEngine,
  type Superpositions,
  treeOf,
  unpackTree,
  weightsOf,
} from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloned, codeOf, keys, objects, type Plain, put, values } from '../arbitrary.js';

const agent = agentId({ tenant: 'default', kind: 'solver', name: 's1' });
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const likelihoods = fc.dictionary(fc.constantFrom(...NAMES), fc.double({ min: 1e-6, max: 1, noNaN: true }), { minKeys: 1 });

describe('V3: laws', () => {
  test('V3: each branch is isolated: what any of them does is seen by no other and not by the agent', () => {
    const writes = fc.array(fc.record({ at: fc.nat(NAMES.length), key: keys, value: values }), { maxLength: 30 });
    fc.assert(
      fc.property(objects, writes, (start, given) => {
        const heads = memoryHeads([[agent, treeOf(start)]]);
        const engine = new SuperpositionEngine(heads);
        const states = NAMES.map((name) => ({ name, tree: treeOf(start), work: 'under-way' as const }));
        const tried = engine.createSuperposition(agent, states);
        const models = [...NAMES, 'main'].map(() => cloned(start) as Plain);
        for (const { at, key, value } of given) {
          put(models[at] as Plain, key, cloned(value));
          const name = NAMES[at];
          const tree = name === undefined ? heads.get(agent)?.tree : engine.mustGet(tried).branches.find((each) => each.name === name)?.tree;
          const draft = draftOf<Plain>(tree ?? treeOf(null));
          draft.state[key] = value;
          const next = draft.finish().tree;
          if (name === undefined) heads.set(agent, next);
          else engine.changeBranch(tried, name, next);
        }
        const roots = [...engine.mustGet(tried).branches.map(({ tree }) => tree.root()), heads.get(agent)?.tree.root()];
        expect(roots).toEqual(models.map((model) => treeOf(model).root()));
      }),
      { numRuns: 80 },
    );
  });

  test('V4: changes that are brought into a draft in place make the other state, whatever they are', () => {
    fc.assert(
      fc.property(objects, objects, (from, to) => {
        const draft = draftOf<Plain>(treeOf(from));
        editInPlace(draft.state, diff(treeOf(from), treeOf(to)));
        expect(draft.finish().tree.root()).toBe(treeOf(to).root());
      }),
      { numRuns: 200 },
    );
    expect(codeOf(() => editInPlace({}, [{ kind: 'delete', path: [] }]))).toBe('invalid-path');
    expect(codeOf(() => editInPlace({}, [{ kind: 'update', path: ['a', 'b'], new: 1 }]))).toBe('invalid-path');
    const outside = { kind: 'create', path: ['constructor', 'prototype', 'reached'], new: true } as const;
    expect(codeOf(() => editInPlace(draftOf(treeOf({})).state, [outside]))).toBe('invalid-path');
    expect('reached' in {}).toBe(false);
  });

  test('V5: a branch is charged for what it does not share: nothing for itself, at most all of it', () => {
    fc.assert(
      fc.property(objects, objects, (from, to) => {
        const base = treeOf(from);
        const tree = base.apply(diff(base, treeOf(to)));
        expect(ownBytes(base, base)).toBe(0);
        expect(ownBytes(base, treeOf(from))).toBeGreaterThanOrEqual(0);
        const own = ownBytes(base, tree);
        expect(own).toBeLessThanOrEqual(tree.byteLength);
        if (tree.root() === base.root()) expect(own).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('V5: one change of a large state costs little, in memory or read back from a pack', () => {
    const entries = Array.from({ length: 2_000 }, (_, at) => [`key ${at}`, { text: `entry number ${at}` }] as const);
    const large = treeOf({ map: Object.fromEntries(entries), list: entries.map(([, entry]) => entry), deep: { list: entries.map(([key]) => key) } });
    large.root();
    for (const base of [large, unpackTree(packTree(large))]) {
      for (const path of [
        ['map', 'key 7', 'text'],
        ['list', 1_999, 'text'],
        ['deep', 'list', 3],
      ]) {
        const own = ownBytes(base, base.apply([{ kind: 'update', path, new: 'another' }]));
        expect([path, own > 0, own < 100]).toEqual([path, true, true]);
      }
      expect(ownBytes(base, base.apply([{ kind: 'create', path: ['list', 2_000], new: 1 }]))).toBeLessThan(600);
      expect(ownBytes(base, treeOf({ map: [], list: {}, deep: 1 }))).toBeGreaterThan(0);
      expect(ownBytes(base, base.apply([{ kind: 'update', path: ['list'], new: [1] }]))).toBeLessThan(20);
    }
  });

  test('V5: weights are those of Bayes, add up to 1, and depend on no order of evidence', () => {
    const priors = fc.array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(priors, fc.array(likelihoods, { maxLength: 6 }), (weights, pieces) => {
        const of = (given: readonly Record<string, number>[]) => {
          const engine = new SuperpositionEngine(memoryHeads([[agent, treeOf({})]]), { ...LIMITS, superpositionOddsMax: Number.MAX_VALUE });
          const states = NAMES.map((name, at) => ({ name, tree: treeOf({ at }), weight: weights[at] as number }));
          const tried = engine.createSuperposition(agent, states);
          for (const piece of given) engine.updateWeights(tried, 'seen', piece);
          return weightsOf(engine.mustGet(tried));
        };
        const model = NAMES.map((name, at) => pieces.reduce((weight, piece) => weight * (piece[name] ?? 1), weights[at] as number));
        const total = model.reduce((sum, weight) => sum + weight, 0);
        const found = of(pieces);
        expect(found.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
        const reversed = of([...pieces].reverse());
        for (const [at, weight] of found.entries()) {
          expect(weight).toBeCloseTo((model[at] as number) / total, 9);
          expect(reversed[at]).toBeCloseTo(weight, 9);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('V3 G8: a log of recorded steps folds to what was there live, whatever was refused in between', () => {
    const branch = fc.constantFrom(...NAMES);
    const content = fc.record({ state: objects }) as fc.Arbitrary<{ state: Value }>;
    const work = fc.constantFrom('committed' as const, 'under-way' as const);
    const name = fc.constantFrom('one', 'two');
    const command = fc.oneof(
      fc.record({
        kind: fc.constant('create' as const),
        name,
        branches: fc.array(fc.record({ name: branch, state: objects as never, work }), { maxLength: 4 }),
      }),
      fc.record({ kind: fc.constant('add' as const), name, branch: fc.record({ name: branch, state: objects as never, work }) }),
      fc.tuple(fc.record({ kind: fc.constant('change' as const), name, branch }), content).map(([one, other]) => ({ ...one, ...other })),
      fc.record({ kind: fc.constant('commit' as const), name, branch }),
      fc.record({ kind: fc.constant('fail' as const), name, branch, reason: fc.constant('it broke') }),
      fc.record({ kind: fc.constant('evidence' as const), name, likelihoods: fc.dictionary(branch, fc.constantFrom(0, 0.1, 0.5, 1)) }),
      fc.record({ kind: fc.constant('score' as const), name, scores: fc.dictionary(branch, fc.integer()) }),
      fc.record({ kind: fc.constant('collapse' as const), name, by: fc.constantFrom('weight' as const, 'score' as const, 'first' as const) }),
      fc.record({ kind: fc.constantFrom('undo' as const, 'drop' as const), name }),
    ) as fc.Arbitrary<SuperpositionCommand>;
    fc.assert(
      fc.property(objects, fc.array(command, { maxLength: 25, size: 'max' }), (start, commands) => {
        let head = { version: 0, tree: treeOf(start) };
        let live: Superpositions = NO_SUPERPOSITIONS;
        let folded: Superpositions = NO_SUPERPOSITIONS;
        for (const [at, each] of commands.entries()) {
          const planned = attempt(() => planSuperposition(each, { agent, head, superpositions: live, nowMs: at }));
          if (planned === undefined) continue;
          const version = planned.tree === undefined ? head.version : head.version + 1;
          const moment = { agent, head, version, ms: at };
          folded = applyRecorded(folded, recordedSteps(live, planned.steps, moment), moment);
          live = applySteps(live, planned.steps, moment);
          head = { version, tree: planned.tree ?? head.tree };
          expect(told(folded)).toEqual(told(live));
        }
      }),
      { numRuns: 80 },
    );
  });
});

function attempt<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** Everything that can be seen of superpositions, trees by their roots. */
function told(all: Superpositions): unknown {
  return [...all.values()].map(({ base, branches, collapse, ...rest }) => ({
    ...rest,
    base: [base.version, base.tree.root()],
    branches: branches.map(({ tree, ...branch }) => ({ ...branch, root: tree.root() })),
    collapse: collapse === undefined ? undefined : { ...collapse, previous: collapse.previous.root() },
  }));
}
