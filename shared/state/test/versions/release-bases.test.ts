import { agentId } from '@skep/kernel';
import { type BranchName, draftOf, MAIN_BRANCH, memoryNodeStore, StateEngine, treeOf } from '@skep/state';
import { describe, expect, test } from 'vitest';

const agent = agentId({ tenant: 'default', kind: 'known', name: 'released' });
const named = (name: string): BranchName => ({ agent, name });
const MAIN = named(MAIN_BRANCH);

function history(...names: readonly string[]) {
  const engine = new StateEngine();
  const first = engine.createCheckpoint(agent, treeOf({ start: true }));
  for (const name of names) engine.branchState(first, name);
  let writes = 0;
  const write = (branch: BranchName) => {
    const draft = draftOf<Record<string, unknown>>(engine.head(branch).tree);
    writes += 1;
    draft.state[`write-${writes}`] = branch.name;
    engine.createCheckpoint(agent, draft.finish().tree, branch.name);
  };
  const held = () => [...engine.versions(agent).log()].filter(({ isHeld }) => isHeld).length;
  return { engine, write, held };
}

describe('V8: letting go of old states', () => {
  test('V8: a branch whose work reached main through another branch can still be merged', () => {
    const { engine, write } = history('one', 'two');
    write(named('two'));
    engine.mergeStates(named('two'), named('one'));
    for (const branch of [MAIN, named('one'), named('two')]) for (let times = 0; times < 2; times += 1) write(branch);
    expect(engine.versions(agent).release(0)).toBeGreaterThan(0);
    // What main and two have in common is known only now.
    expect(engine.mergeStates(named('one'), MAIN).kind).toBe('merged');
    expect(engine.mergeStates(named('two'), MAIN).kind).toBe('merged');
    expect(Object.keys(engine.head(MAIN).tree.value() as object)).toHaveLength(1 + 1 + 6);
  });

  test('V8: branches that were merged crosswise can be merged again, though their bases have bases', () => {
    const { engine, write } = history('one', 'two', 'three');
    for (const branch of [MAIN, named('one')]) write(branch);
    const graph = engine.versions(agent);
    graph.moveHead('two', { from: graph.get(engine.head(named('two'))), to: engine.head(MAIN) });
    graph.moveHead('three', { from: graph.get(engine.head(named('three'))), to: engine.head(named('one')) });
    engine.mergeStates(named('three'), MAIN);
    engine.mergeStates(named('two'), named('one'));
    for (const branch of [MAIN, named('one'), named('two'), named('three')]) for (let times = 0; times < 3; times += 1) write(branch);
    expect(graph.mergeBases(engine.head(MAIN), engine.head(named('one')))).toHaveLength(2);
    expect(graph.release(0)).toBeGreaterThan(0);
    expect(engine.mergeStates(named('one'), MAIN).kind).toBe('merged');
    expect(Object.keys(engine.head(MAIN).tree.value() as object)).toHaveLength(1 + 2 + 6);
  });

  test('V8, G13: who wrote last is not guessed where the states that say it were let go', async () => {
    const engine = new StateEngine({ store: memoryNodeStore() });
    const write = (branch: string, ms: number, value: string) => {
      const tree = treeOf({ start: true, value, ms });
      return engine.createCheckpoint(agent, tree, branch, { clock: { ms, counter: 0 } });
    };
    const made = [write(MAIN_BRANCH, 1, 'first')];
    engine.branchState(engine.head(MAIN), 'one');
    made.push(...[2, 4, 6].map((ms) => write('one', ms, 'one')), ...[3, 5, 7].map((ms) => write(MAIN_BRANCH, ms, 'main')));
    await Promise.all(made.map(({ durable }) => durable));
    expect(engine.versions(agent).release(0)).toBe(4);
    const rules = [{ path: ['*'], resolve: 'last-writer' }] as const;
    const refused = expect.objectContaining({ code: 'unknown-checkpoint', remedy: expect.stringContaining('recallState') });
    expect(() => engine.mergeStates(named('one'), MAIN, { rules })).toThrow(refused);
    expect(() => engine.versions(agent).blame(['value'])).toThrow(refused);
    expect(engine.head(MAIN).id).toBe(made.at(-1)?.id);
    for (const { id } of made) await engine.recallState(id);
    expect(engine.mergeStates(named('one'), MAIN, { rules }).kind).toBe('merged');
    // What one wrote first, at 2, is older than what main wrote first, at 3.
    expect(engine.head(MAIN).tree.value()).toEqual({ start: true, value: 'main', ms: 7 });
  });

  test('V8: what nobody can need any more is let go, however often branches came and went', () => {
    const { engine, write, held } = history('one');
    for (let round = 0; round < 50; round += 1) {
      for (const branch of [MAIN, named('one')]) write(branch);
      engine.mergeStates(named('one'), MAIN);
      engine.mergeStates(MAIN, named('one'));
    }
    write(MAIN);
    engine.versions(agent).release(0);
    expect(held()).toBeLessThanOrEqual(3);
  });
});
