import { agentId, LIMITS, type Limits } from '@skep/kernel';
import { engineHeads, memoryHeads, StateEngine, SuperpositionEngine, type Tree, treeOf, weightOf, weightsOf } from '@skep/state';
import { describe, expect, test } from 'vitest';
import { codeOf, STATE_S } from '../arbitrary.js';

const agent = agentId({ tenant: 'default', kind: 'solver', name: 's1' });
const base = treeOf({ answer: 0, log: ['begun'], memory: STATE_S.memory });
const answering = (answer: number): Tree => base.apply([{ kind: 'update', path: ['answer'], new: answer }]);
const nowMs = 1_000_000;

function world(limits: Partial<Limits> = {}) {
  const heads = memoryHeads([[agent, base]]);
  return { heads, engine: new SuperpositionEngine(heads, { ...LIMITS, ...limits }) };
}

describe('V3: superposition', () => {
  test('V3: several states of one agent live side by side, and the agent keeps its own', () => {
    const { heads, engine } = world();
    const tried = engine.createSuperposition(agent, [
      { name: 'one', tree: answering(1) },
      { name: 'two', tree: answering(2) },
    ]);
    expect(tried.branches.map(({ name, tree }) => [name, tree.get(['answer'])])).toEqual([
      ['one', 1],
      ['two', 2],
    ]);
    expect(heads.get(agent)?.tree).toBe(base);
    expect(engine.listActiveSuperpositions(agent)).toEqual([tried]);
  });

  test('V3: a branch is added, worked on and committed; what was read before stays as it was', () => {
    const { engine } = world();
    const tried = engine.createSuperposition(agent, [{ name: 'one', tree: answering(1) }]);
    const more = engine.addExperimentalBranch(tried, { name: 'two', tree: base, weight: 0.25, work: 'under-way' });
    expect(weightsOf(more)).toEqual([expect.closeTo(0.75, 12), expect.closeTo(0.25, 12)]);
    engine.changeBranch(tried, 'two', answering(2));
    engine.commitBranch(tried, 'two');
    expect(engine.mustGet(tried).branches.map(({ tree }) => tree.get(['answer']))).toEqual([1, 2]);
    expect(more.branches[1]?.tree).toBe(base);
    expect(tried.branches.length).toBe(1);
    expect(codeOf(() => engine.changeBranch(tried, 'two', base))).toBe('invalid-input');
  });

  test('V3: a branch without a name gets one that nobody has, also after failed ones were collected', () => {
    const { engine } = world();
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }, { tree: answering(2) }, { tree: answering(3) }]);
    engine.failBranch(tried, '0', 'no tests passed');
    engine.garbageCollectFailed({ nowMs });
    const more = engine.addExperimentalBranch(tried, { tree: answering(4) });
    expect(more.branches.map(({ name }) => name)).toEqual(['1', '2', '3']);
    const named = engine.createSuperposition(agent, [{ name: '1', tree: answering(1) }], { name: 'named' });
    expect(engine.addExperimentalBranch(named, { tree: answering(2) }).branches.map(({ name }) => name)).toEqual(['1', '2']);
  });

  test('V3: failed branches and collapses that are too old to be undone are collected', () => {
    const { engine } = world();
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }, { tree: answering(2) }, { tree: answering(3) }]);
    engine.failBranch(tried, '1', 'no tests passed');
    expect(engine.mustGet(tried).failed).toEqual([{ name: '1', reason: 'no tests passed' }]);
    expect(engine.garbageCollectFailed({ nowMs })).toEqual({ branches: 1, collapses: 0 });
    expect(engine.mustGet(tried).failed).toEqual([]);
    engine.collapseToSuccessful(tried, '2', { nowMs });
    expect(engine.listActiveSuperpositions(agent)).toEqual([]);
    expect(engine.garbageCollectFailed({ nowMs: nowMs + LIMITS.superpositionGraceMs })).toEqual({ branches: 0, collapses: 0 });
    expect(engine.garbageCollectFailed({ nowMs: nowMs + LIMITS.superpositionGraceMs + 1 })).toEqual({ branches: 0, collapses: 1 });
    expect(codeOf(() => engine.mustGet(tried))).toBe('unknown-superposition');
  });

  test('V3 V2: branches share what they have in common with the base', () => {
    const { engine } = world();
    const states = Array.from({ length: 64 }, (_, at) => ({ tree: answering(at) }));
    const { branches } = engine.createSuperposition(agent, states);
    for (const { tree } of branches) expect(tree.get(['memory'])).toBe(base.get(['memory']));
  });

  test('V3 G13: bad use is refused and changes nothing', () => {
    const { heads, engine } = world({ superpositionBranches: 3, superpositions: 1 });
    const one = { name: 'one', tree: answering(1) };
    expect(codeOf(() => engine.createSuperposition(agent, []))).toBe('invalid-input');
    expect(codeOf(() => engine.createSuperposition(agent, [one, one]))).toBe('invalid-input');
    expect(codeOf(() => engine.createSuperposition(agent, [one, { tree: base }, { tree: base }, { tree: base }]))).toBe('overloaded');
    expect(codeOf(() => engine.createSuperposition(agent, [{ ...one, weight: 0 }]))).toBe('invalid-input');
    expect(codeOf(() => engine.createSuperposition(agent, [{ ...one, weight: Number.NaN }]))).toBe('invalid-input');
    expect(codeOf(() => engine.createSuperposition(agent, [{ tree: treeOf({}, { addressKey: new Uint8Array(32) }) }]))).toBe('invalid-input');
    expect(codeOf(() => engine.createSuperposition('default/solver/nobody' as never, [one]))).toBe('unknown-agent');
    expect(engine.listActiveSuperpositions(agent)).toEqual([]);
    const tried = engine.createSuperposition(agent, [one]);
    expect(codeOf(() => engine.createSuperposition(agent, [one]))).toBe('invalid-input');
    expect(codeOf(() => engine.createSuperposition(agent, [one], { name: 'more' }))).toBe('overloaded');
    expect(codeOf(() => engine.addExperimentalBranch(tried, { tree: base, weight: 1 }))).toBe('invalid-input');
    expect(codeOf(() => engine.updateWeights(tried, 'seen', { other: 1 }))).toBe('unknown-superposition');
    expect(codeOf(() => engine.updateWeights(tried, 'seen', {}))).toBe('invalid-input');
    expect(codeOf(() => engine.updateWeights(tried, 'seen', { one: -1 }))).toBe('invalid-input');
    expect(codeOf(() => engine.updateWeights(tried, 'seen', { one: 0 }))).toBe('invalid-input');
    expect(codeOf(() => engine.scoreBranches(tried, { one: Number.POSITIVE_INFINITY }))).toBe('invalid-input');
    expect(codeOf(() => engine.undoCollapse(tried, { nowMs }))).toBe('invalid-input');
    expect(engine.listActiveSuperpositions(agent)).toEqual([tried]);
    expect(heads.get(agent)?.tree).toBe(base);
  });
});

describe('V4: collapse', () => {
  test('V4: the chosen branch becomes the state, the losers are gone at once', () => {
    const { heads, engine } = world();
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }, { tree: answering(2) }]);
    engine.collapseToSuccessful(tried, '1', { nowMs });
    expect(heads.get(agent)?.tree.get(['answer'])).toBe(2);
    expect(engine.mustGet(tried)).toMatchObject({ branches: [], collapse: { branch: '1', weight: 0.5 } });
    expect(codeOf(() => engine.collapseToSuccessful(tried, '0', { nowMs }))).toBe('superposition-over');
  });

  test('V4: work that is under way or failed never reaches the state', () => {
    const { heads, engine } = world();
    const tried = engine.createSuperposition(agent, [{ tree: answering(1), work: 'under-way' }, { tree: answering(2) }]);
    expect(codeOf(() => engine.collapseToSuccessful(tried, '0', { nowMs }))).toBe('invalid-input');
    engine.failBranch(tried, '1', 'broken');
    expect(codeOf(() => engine.collapseToSuccessful(tried, '1', { nowMs }))).toBe('branch-failed');
    expect(codeOf(() => engine.observe(tried, 'weight'))).toBe('branch-failed');
    expect(heads.get(agent)?.tree).toBe(base);
  });

  test('V4: a state that moved on is not overwritten, unless a merge without conflicts is asked for', () => {
    const { heads, engine } = world();
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }]);
    heads.set(agent, base.apply([{ kind: 'create', path: ['log', 1], new: 'meanwhile' }]));
    expect(codeOf(() => engine.collapseToSuccessful(tried, '0', { nowMs }))).toBe('version-conflict');
    expect(heads.get(agent)?.tree.get(['answer'])).toBe(0);
    engine.collapseToSuccessful(tried, '0', { nowMs, merge: 'conflict-free' });
    expect(heads.get(agent)?.tree.value()).toMatchObject({ answer: 1, log: ['begun', 'meanwhile'] });
  });

  test('V4 V8: changes on both sides of the same field are refused, or decided by a rule', () => {
    const { heads, engine } = world();
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }]);
    heads.set(agent, answering(7));
    expect(codeOf(() => engine.collapseToSuccessful(tried, '0', { nowMs, merge: 'conflict-free' }))).toBe('version-conflict');
    expect(engine.listActiveSuperpositions(agent).length).toBe(1);
    engine.collapseToSuccessful(tried, '0', { nowMs, merge: 'conflict-free', rules: [{ path: ['answer'], resolve: 'counter' }] });
    expect(heads.get(agent)?.tree.get(['answer'])).toBe(8);
  });

  test('V4: a collapse can be undone within its grace period, and not when the state moved on', () => {
    const { heads, engine } = world();
    const undone = engine.createSuperposition(agent, [{ tree: answering(1) }], { graceMs: 100 });
    engine.collapseToSuccessful(undone, '0', { nowMs });
    expect(codeOf(() => engine.undoCollapse(undone, { nowMs: nowMs + 101 }))).toBe('undo-expired');
    engine.undoCollapse(undone, { nowMs: nowMs + 100 });
    expect(heads.get(agent)?.tree).toBe(base);
    expect(codeOf(() => engine.mustGet(undone))).toBe('unknown-superposition');
    const moved = engine.createSuperposition(agent, [{ tree: answering(2) }]);
    engine.collapseToSuccessful(moved, '0', { nowMs });
    heads.set(agent, answering(3));
    expect(codeOf(() => engine.undoCollapse(moved, { nowMs }))).toBe('version-conflict');
    expect(heads.get(agent)?.tree.get(['answer'])).toBe(3);
  });

  test('V4 V1: a collapse on a state engine is a checkpoint of its main branch', () => {
    const states = new StateEngine();
    const first = states.createCheckpoint(agent, base);
    const engine = new SuperpositionEngine(engineHeads(states));
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }]);
    engine.collapseToSuccessful(tried, '0', { nowMs });
    const head = states.head({ agent, name: 'main' });
    expect([head.parents, head.tree.get(['answer'])]).toEqual([[first.id], 1]);
    expect(codeOf(() => engine.createSuperposition('default/solver/nobody' as never, [{ tree: base }]))).toBe('unknown-agent');
  });
});

describe('V5: weights', () => {
  test('V5, G13: whatever is refused says of which agent', () => {
    const { engine } = world();
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }, { tree: answering(2) }]);
    const about = expect.objectContaining({ id: expect.stringContaining(agent) });
    expect(() => engine.createSuperposition(agent, [{ tree: base, weight: -1 }], { name: 'other' })).toThrow(about);
    expect(() => engine.updateWeights(tried, 'seen', { 0: Number.NaN })).toThrow(about);
    expect(() => engine.addExperimentalBranch(tried, { tree: base, weight: 1 })).toThrow(about);
  });

  test('V5: evidence moves the weights by the rule of Bayes', () => {
    const { engine } = world();
    const tried = engine.createSuperposition(agent, [
      { tree: answering(1), weight: 1 },
      { tree: answering(2), weight: 3 },
    ]);
    const seen = engine.updateWeights(tried, 'tests passed', { 0: 0.9, 1: 0.1 });
    expect(weightsOf(seen)).toEqual([expect.closeTo(0.75, 12), expect.closeTo(0.25, 12)]);
    expect(seen.branches[0]?.evidence).toEqual([{ label: 'tests passed', logLikelihood: Math.log(0.9) }]);
    const certain = engine.updateWeights(tried, 'only one says something', { 0: 0.5 });
    expect(weightOf(certain, '0')).toBeCloseTo(0.6, 12);
  });

  test('V5: no amount of evidence runs into zero or loses what differs', () => {
    const { engine } = world({ superpositionOddsMax: Number.MAX_VALUE });
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }, { tree: answering(2) }]);
    for (let at = 0; at < 5_000; at += 1) engine.updateWeights(tried, 'seen', { 0: 1e-300, 1: 1e-300 });
    engine.updateWeights(tried, 'seen', { 0: 0.2, 1: 0.8 });
    expect(weightOf(engine.mustGet(tried), '1')).toBeCloseTo(0.8, 12);
    expect(engine.mustGet(tried).branches[0]?.evidence.length).toBe(LIMITS.superpositionEvidence);
  });

  test('V5: evidence of likelihood 0 rules a branch out', () => {
    const { engine } = world();
    const tried = engine.createSuperposition(agent, [{ tree: answering(1) }, { tree: answering(2) }]);
    const seen = engine.updateWeights(tried, 'it crashed', { 0: 0, 1: 0.5 });
    expect([seen.branches.map(({ name }) => name), seen.failed]).toEqual([['1'], [{ name: '0', reason: 'ruled out by evidence: it crashed' }]]);
  });

  test('V5: observed by weight, by score, by a function, by first to commit; of equals the first', () => {
    const { engine } = world();
    const tried = engine.createSuperposition(agent, [
      { name: 'a', tree: answering(1), work: 'under-way' },
      { name: 'b', tree: answering(2), weight: 2, work: 'under-way' },
      { name: 'c', tree: answering(3) },
      { name: 'd', tree: answering(4), work: 'under-way', weight: 50 },
    ]);
    engine.commitBranch(tried, 'b');
    engine.commitBranch(tried, 'a');
    expect(codeOf(() => engine.observe(tried, 'score'))).toBe('branch-failed');
    engine.scoreBranches(tried, { a: 5, b: 1, d: 99 });
    expect(engine.observe(tried, 'weight').name).toBe('b');
    expect(engine.observe(tried, 'score').name).toBe('a');
    expect(engine.observe(tried, { score: ({ tree }) => Number(tree.get(['answer'])) }).name).toBe('c');
    expect(engine.observe(tried, { score: () => 1 }).name).toBe('a');
    expect(engine.observe(tried, 'first').name).toBe('c');
    expect(engine.observe(tried, { branch: 'b' }).name).toBe('b');
  });

  test('V5: above the budget of bytes the least likely goes first; what is shared counts for nobody', () => {
    const { engine } = world({ superpositionBytes: 2_500 });
    const large = (letter: string) => base.apply([{ kind: 'create', path: ['draft'], new: letter.repeat(1_000) }]);
    const tried = engine.createSuperposition(agent, [
      { name: 'a', tree: large('a'), weight: 2 },
      { name: 'b', tree: large('b'), weight: 1 },
    ]);
    expect(tried.branches.length).toBe(2);
    const more = engine.addExperimentalBranch(tried, { name: 'c', tree: large('c'), weight: 0.4 });
    expect([more.branches.map(({ name }) => name), more.failed]).toEqual([['a', 'c'], [{ name: 'b', reason: 'evicted: too many bytes' }]]);
    expect(codeOf(() => engine.createSuperposition(agent, [{ tree: large('long'.repeat(10)) }], { name: 'large' }))).toBe('payload-too-large');
  });

  test('V5, G13: what all superpositions of an agent hold together is bounded; what is refused has changed nothing', () => {
    const { engine } = world({ superpositionsBytes: 2_500 });
    const large = (letter: string) => base.apply([{ kind: 'create', path: ['draft'], new: letter.repeat(1_000) }]);
    engine.createSuperposition(agent, [{ tree: large('a') }, { tree: base }], { name: 'one' });
    const two = engine.createSuperposition(agent, [{ tree: large('b') }], { name: 'two' });
    const refused = expect.objectContaining({ code: 'payload-too-large', id: agent, remedy: expect.stringContaining('drop') });
    expect(() => engine.createSuperposition(agent, [{ tree: large('c') }], { name: 'three' })).toThrow(refused);
    expect(() => engine.addExperimentalBranch(two, { tree: large('d') })).toThrow(refused);
    expect(engine.listActiveSuperpositions(agent).map(({ name, branches }) => [name, branches.length])).toEqual([
      ['one', 2],
      ['two', 1],
    ]);
    engine.drop({ agent, name: 'one' });
    expect(engine.addExperimentalBranch(two, { tree: large('d') }).branches.length).toBe(2);
  });

  test('V5: above the budget of branches, and below the weight floor, the least likely goes', () => {
    const { engine } = world({ superpositionBranches: 2, superpositionOddsMax: 1_000 });
    const tried = engine.createSuperposition(agent, [
      { name: 'a', tree: answering(1) },
      { name: 'b', tree: answering(2), weight: 2 },
    ]);
    const more = engine.addExperimentalBranch(tried, { name: 'c', tree: answering(3), weight: 0.5 });
    expect([more.branches.map(({ name }) => name), more.failed]).toEqual([['b', 'c'], [{ name: 'a', reason: 'evicted: too many branches' }]]);
    const seen = engine.updateWeights(tried, 'seen', { b: 0.0001 });
    expect([seen.branches.map(({ name }) => name), seen.failed.at(-1)]).toEqual([['c'], { name: 'b', reason: 'evicted: below the weight floor' }]);
    expect(weightsOf(seen)).toEqual([1]);
  });
});
