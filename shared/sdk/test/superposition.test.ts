/** Superpositions as users see them: on a handle, through the holder of a folder, and from other processes. */
import { describe, expect, it } from 'vitest';
import { agentId, type Client, type SuperpositionCommand } from '../src/index.js';
import { freshFolders } from './folders.js';
import { Counter } from './kinds.js';
import { refusal } from './refusal.js';

const { freshDir, open, connect } = freshFolders();
const A = agentId({ tenant: 'default', kind: 'counter', name: 'a' });

async function counter() {
  const dir = freshDir();
  const skep = await open(dir, { kinds: [Counter] });
  const agent = skep.agent(Counter, 'a');
  await agent.increment(1);
  return { dir, skep, agent };
}

describe('V3 V4 V5: superpositions on a handle', () => {
  it('are created, weighed, collapsed and undone, with the type of the state', async () => {
    const { agent } = await counter();
    const plan = agent.superposition('plan');
    await refusal(plan.show(), 'unknown-superposition');
    const created = await plan.create({ small: { state: { count: 2, notes: [] } }, large: { state: { count: 100, notes: ['much'] }, weight: 3 } });
    expect(created).toMatchObject({
      ...{ agent: A, name: 'plan', status: 'open', version: 1, base: { version: 1 }, failed: [], collapse: null },
      branches: [
        { name: 'small', work: 'committed', weight: expect.closeTo(0.25), score: null, evidence: [] },
        { name: 'large', weight: expect.closeTo(0.75) },
      ],
    });
    const seen = await plan.evidence({ small: 0.9, large: 0.1 }, 'the test passed');
    expect(seen.branches.map(({ weight }) => weight)).toEqual([expect.closeTo(0.75), expect.closeTo(0.25)]);
    expect(seen.branches[0]?.evidence).toEqual([{ label: 'the test passed', likelihood: expect.closeTo(0.9) }]);
    const large: { count: number; notes: string[] } = await plan.state('large');
    expect(large).toEqual({ count: 100, notes: ['much'] });
    expect((await agent.state()).value.count).toBe(1);
    expect(await plan.collapse('weight')).toMatchObject({ version: 2, value: { count: 2 } });
    expect(await agent.superpositions()).toMatchObject([{ status: 'collapsed', branches: [], collapse: { branch: 'small', version: 2 } }]);
    expect(await plan.undo()).toMatchObject({ version: 3, value: { count: 1 } });
    expect(await agent.superpositions()).toEqual([]);
  });

  it('have branches that are worked on while others are done', async () => {
    const { agent } = await counter();
    const plan = agent.superposition();
    await plan.create({ a: {} });
    await plan.add('b', { work: 'under-way', weight: 0.2 });
    await plan.change('b', { count: 7, notes: [] });
    await refusal(plan.collapse({ branch: 'b' }), 'invalid-input');
    await plan.commit('b');
    await plan.score({ a: 1, b: 2 });
    const failed = await plan.fail('a', 'too slow');
    expect(failed.failed).toEqual([{ name: 'a', reason: 'too slow' }]);
    await refusal(plan.state('a'), 'branch-failed');
    expect((await plan.collapse('score')).value.count).toBe(7);
    await refusal(plan.evidence({ b: 1 }), 'superposition-over');
    await plan.drop();
    await refusal(plan.drop(), 'unknown-superposition');
  });

  it('G13: whatever a caller hands in is refused by name', async () => {
    const { dir, skep, agent } = await counter();
    const remote = await connect(dir);
    const wrong: readonly unknown[] = [
      ...[null, 'create', [], { kind: 'explode', name: 'plan' }, { kind: 'create', name: 'plan' }],
      ...[
        { kind: 'create', name: 'plan', branches: 'all' },
        { kind: 'create', name: 'plan', branches: [null] },
      ],
      { kind: 'create', name: 'plan', branches: [{ name: 'a', edits: [{ kind: 'update', path: 'count', new: 1 }] }] },
      { kind: 'create', name: 'plan', branches: [{ name: 'a', edits: [{ kind: 'update', path: ['count'] }] }] },
      { kind: 'create', name: 'plan', branches: [{ name: 'a', edits: [{ kind: 'invent', path: [] }] }] },
      { kind: 'create', name: 'plan', branches: [{ name: 'a', tree: {} }] },
      { kind: 'create', name: 'plan', branches: [{ name: 'a', weight: 'much' }] },
      { kind: 'create', name: 'plan', branches: [{ name: 'a', work: 'soon' }] },
      { kind: 'create', name: 'plan', branches: [{ name: 'a' }], graceMs: -1 },
      ...[
        { kind: 'collapse', name: 'known', by: 'luck' },
        { kind: 'collapse', name: 'known', by: 'first', merge: 'force' },
      ],
      ...[
        { kind: 'evidence', name: 'known', likelihoods: null },
        { kind: 'evidence', name: 'known', likelihoods: { a: 'much' } },
      ],
      ...[
        { kind: 'score', name: 'known', scores: { a: null } },
        { kind: 'fail', name: 'known', branch: 'a', reason: 7 },
      ],
      { kind: 'evidence', name: 'known', likelihoods: { a: 0.5 }, label: 'x'.repeat(1_000) },
    ];
    await agent.superposition('known').create({ a: {}, b: {} });
    for (const client of [skep.client, remote]) {
      for (const command of wrong) await refusal(client.superpose(A, command as SuperpositionCommand), 'invalid-input');
      await refusal(client.superpose(A, { kind: 'create', name: '', branches: [] }), 'invalid-id');
      await refusal(
        client.superpose(A, { kind: 'create', name: 'x', branches: [{ name: 'a', edits: [{ kind: 'delete', path: ['no'] }] }] }),
        'invalid-path',
      );
      await refusal(client.superpose('default/counter/nobody' as never, { kind: 'drop', name: 'known' }), 'unknown-agent');
      await refusal(client.superposition(A, 'none'), 'unknown-superposition');
      await refusal(client.branchState(A, 'known', 'none'), 'unknown-superposition');
    }
    expect((await agent.superpositions()).map(({ name }) => name)).toEqual(['known']);
    expect((await agent.state()).version).toBe(1);
  });

  it('P7: another process sees and does the same, and they outlive the one that made them', async () => {
    const { dir, skep, agent } = await counter();
    const remote: Client = await connect(dir);
    const command: SuperpositionCommand = { kind: 'create', name: 'plan', branches: [{ name: 'two', state: { count: 2, notes: [] } }] };
    expect(await remote.superpose(A, command)).toMatchObject({ name: 'plan', version: 1, superposition: { name: 'plan' } });
    expect(await remote.superpositions(A)).toEqual(await agent.superpositions());
    expect(await remote.branchState(A, 'plan', 'two')).toMatchObject({ version: 1, value: { count: 2 } });
    await remote.close();
    await skep.close();
    const again = await open(dir, { kinds: [Counter] });
    expect(await again.agent(Counter, 'a').superposition('plan').collapse('first')).toMatchObject({ version: 2, value: { count: 2 } });
  });
});
