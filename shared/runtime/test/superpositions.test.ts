import { type Activation, decodeSnapshot, defineAgent, encodeSnapshot, type KindDefinition } from '@skep/actor';
import { decode, type Value } from '@skep/kernel';
import { type SuperpositionCommand, weightsOf } from '@skep/state';
import { describe, expect, it } from 'vitest';
import { crashEverywhere } from './crash-points.js';
import { codeOf, Hive, id, type Life, written } from './hive.js';

interface State {
  answer: number;
  notes: string[];
}

const schema: NonNullable<KindDefinition<State, unknown, unknown>['schema']> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ((value as State).answer < 0 ? { issues: [{ message: 'no answer is negative' }] } : { value: value as State }),
  },
};

const Solver = defineAgent({
  kind: 'solver',
  initial: { answer: 0, notes: ['begun'] } as State,
  schema,
  handlers: {
    note(state, text: string) {
      state.notes.push(text);
      return state.notes.length;
    },
  },
});
const A = id('solver', 'a');

const CREATE: SuperpositionCommand = {
  ...{ kind: 'create', name: 'plan', graceMs: 1_000 },
  branches: [
    { name: 'careful', state: { answer: 1, notes: ['begun', 'check twice'] } },
    { name: 'bold', edits: [{ kind: 'update', path: ['answer'], new: 2 }], weight: 3, work: 'under-way' },
  ],
};
const STORY: readonly SuperpositionCommand[] = [
  CREATE,
  { kind: 'add', name: 'plan', branch: { name: 'late', work: 'under-way' } },
  { kind: 'change', name: 'plan', branch: 'late', state: { answer: 3, notes: [] } },
  { kind: 'commit', name: 'plan', branch: 'bold' },
  { kind: 'evidence', name: 'plan', label: 'tests passed', likelihoods: { careful: 0.9, bold: 0.2, late: 0.5 } },
  { kind: 'score', name: 'plan', scores: { bold: 5 } },
  { kind: 'fail', name: 'plan', branch: 'late', reason: 'out of time' },
  { kind: 'collapse', name: 'plan', by: 'weight' },
];

async function activation(life: Life): Promise<Activation> {
  const found = await life.node.host.reading(A);
  if (found === undefined) throw new Error('it exists');
  return found;
}

async function solver() {
  const world = new Hive([Solver]);
  const life = await world.start();
  await world.driven(life.call(A, 'note', 'first'));
  return { world, life, order: (command: SuperpositionCommand) => world.driven(life.node.host.superpose(A, command)) };
}

/** All that can be seen of the agent's superpositions, trees by their roots. */
async function told(life: Life): Promise<Value> {
  const { ready } = await activation(life);
  return [...ready.superpositions.values()].map((superposition) => ({
    ...superposition,
    base: [superposition.base.version, superposition.base.tree.root()],
    branches: superposition.branches.map((branch) => ({ ...branch, tree: branch.tree.root() })),
    weights: weightsOf(superposition),
    collapse: superposition.collapse === undefined ? null : { ...superposition.collapse, previous: superposition.collapse.previous.root() },
  })) as unknown as Value;
}

describe('V3 V4 V5: superpositions in the log of their agent', () => {
  it('V3: live beside the agent, whose turns go on; a collapse takes both changes where that is asked for', async () => {
    const { world, life, order } = await solver();
    await order(CREATE);
    expect(await world.driven(life.call(A, 'note', 'meanwhile'))).toMatchObject({ version: 2 });
    expect(await life.state(A)).toEqual({ answer: 0, notes: ['begun', 'first', 'meanwhile'] });
    await order({ kind: 'commit', name: 'plan', branch: 'bold' });
    expect(await codeOf(order({ kind: 'collapse', name: 'plan', by: 'weight' }))).toBe('version-conflict');
    expect(await order({ kind: 'collapse', name: 'plan', by: 'weight', merge: 'conflict-free' })).toMatchObject({ version: 3 });
    expect(await life.state(A)).toEqual({ answer: 2, notes: ['begun', 'first', 'meanwhile'] });
  });

  it('V10: what branches hold counts in the memory of the node, from a restart on, too, until they are gone', async () => {
    const { world, life, order } = await solver();
    const { retained } = life.node.host;
    const without = retained.countedBytes();
    const notes = Array.from({ length: 100 }, (_, at) => `${at}`.padEnd(100, 'x'));
    await order({ kind: 'create', name: 'plan', branches: [{ name: 'long', state: { answer: 1, notes } }, { name: 'short' }] });
    const held = retained.countedBytes() - without;
    expect(held).toBeGreaterThan(10_000);
    life.crash();
    const next = await world.start();
    await world.driven(next.node.host.reading(A));
    expect(next.node.host.retained.countedBytes() - without).toBeGreaterThan(held * 0.9);
    await world.driven(next.node.host.superpose(A, { kind: 'drop', name: 'plan' }));
    expect(next.node.host.retained.countedBytes() - without).toBeLessThan(held / 10);
  });

  it('V4: a collapse is one record with one version; undoing it another; both are in the history', async () => {
    const { world, life, order } = await solver();
    const before = await life.state(A);
    await order(CREATE);
    await order({ kind: 'collapse', name: 'plan', by: 'first' });
    expect(await life.state(A)).toEqual({ answer: 1, notes: ['begun', 'check twice'] });
    await order({ kind: 'undo', name: 'plan' });
    expect(await life.state(A)).toEqual(before);
    const events = await world.driven(life.node.host.historian.events(await activation(life), {}));
    expect(events.map(({ type, version, changes }) => [type, version, changes.length > 0])).toEqual([
      ['note', 1, true],
      ['superposition created', 1, false],
      ['superposition collapsed', 2, true],
      ['collapse undone', 3, true],
    ]);
    expect(events[2]?.data).toEqual({ name: 'plan', branch: 'careful' });
  });

  it('V4: an undo comes in time or not at all, and not over what was done since', async () => {
    const { world, life, order } = await solver();
    await order(CREATE);
    await order({ kind: 'collapse', name: 'plan', by: 'first' });
    await world.driven(life.call(A, 'note', 'since'));
    expect(await codeOf(order({ kind: 'undo', name: 'plan' }))).toBe('version-conflict');
    await order({ ...CREATE, name: 'other' } as SuperpositionCommand);
    await order({ kind: 'collapse', name: 'other', by: 'first' });
    await world.clock.advance(1_001);
    expect(await codeOf(order({ kind: 'undo', name: 'other' }))).toBe('undo-expired');
    // The next command forgets what can be undone no more, and so does the next turn.
    await order({ ...CREATE, name: 'third' } as SuperpositionCommand);
    const names = async () => [...(await activation(life)).ready.superpositions.keys()];
    expect(await names()).toEqual(['third']);
    await order({ kind: 'collapse', name: 'third', by: 'first' });
    await world.driven(life.call(A, 'note', 'soon'));
    expect(await names()).toEqual(['third']);
    await world.clock.advance(1_001);
    await world.driven(life.call(A, 'note', 'later'));
    expect(await names()).toEqual([]);
  });

  it('V4 G13: what is refused has changed nothing and left no record', async () => {
    const { world, life, order } = await solver();
    await order({ kind: 'create', name: 'plan', branches: [{ name: 'negative', state: { answer: -1, notes: [] } }] });
    const { position, ready } = await activation(life);
    const root = ready.actorRoot;
    expect(await codeOf(order({ kind: 'collapse', name: 'plan', by: 'first' }))).toBe('invalid-state');
    expect(await codeOf(order({ kind: 'create', name: 'plan', branches: [{ name: 'again' }] }))).toBe('invalid-input');
    expect(await codeOf(order({ kind: 'commit', name: 'none', branch: 'x' }))).toBe('unknown-superposition');
    expect(await codeOf(order({ kind: 'change', name: 'plan', branch: 'negative' }))).toBe('invalid-input');
    expect(await codeOf(order({ kind: 'score', name: 'plan', scores: { negative: 1e30 } }))).toBe('invalid-value');
    expect((await activation(life)).position).toBe(position);
    expect((await activation(life)).ready.actorRoot).toBe(root);
    await world.driven(life.setStatus(A, 'terminated'));
    expect(await codeOf(order(CREATE))).toBe('agent-terminated');
  });

  it('V3 G8: are in the actor root; the content root knows nothing of them, and who has none is written as ever', async () => {
    const { life, order } = await solver();
    const { ready } = await activation(life);
    const plain = { actor: ready.actorRoot, content: ready.contentRoot };
    expect((decode(encodeSnapshot(ready, 1)(null)) as readonly Value[])[0]).toBe(1);
    await order(CREATE);
    expect(ready.contentRoot).toBe(plain.content);
    const created = ready.actorRoot;
    expect(created).not.toBe(plain.actor);
    await order({ kind: 'evidence', name: 'plan', likelihoods: { bold: 0.5 } });
    expect(ready.actorRoot).not.toBe(created);
    const bytes = encodeSnapshot(ready, 3)(null);
    expect((decode(bytes) as readonly Value[])[0]).toBe(2);
    expect(decodeSnapshot(bytes, A).state.actorRoot).toBe(ready.actorRoot);
  });

  it('V3 G1: come back from snapshot and log as they were', async () => {
    const { world, life } = await solver();
    let current = life;
    for (const [at, command] of STORY.entries()) {
      await world.driven(current.node.host.superpose(A, command));
      // Now from the log, now from a snapshot and the log behind it.
      if (at % 2 === 0) await world.driven(current.node.host.settleAll());
      const before = { told: await told(current), root: (await activation(current)).ready.actorRoot, state: await current.state(A) };
      current.crash();
      current = await world.start();
      expect({ told: await told(current), root: (await activation(current)).ready.actorRoot, state: await current.state(A) }).toEqual(before);
    }
    expect(await current.state(A)).toEqual({ answer: 1, notes: ['begun', 'check twice'] });
    await world.driven(current.node.host.superpose(A, { kind: 'undo', name: 'plan' }));
    expect(await current.state(A)).toEqual({ answer: 0, notes: ['begun', 'first'] });
  });

  it('V5: what is evicted says so in the log', async () => {
    const world = new Hive([Solver], { limits: { superpositionBytes: 3_000 } });
    const life = await world.start();
    const large = (letter: string) => ({ answer: 1, notes: [letter.repeat(1_400)] });
    const branches = [
      { name: 'a', state: large('a'), weight: 2 },
      { name: 'b', state: large('b') },
      { name: 'c', state: large('c'), weight: 3 },
    ];
    await world.driven(life.node.host.superpose(A, { kind: 'create', name: 'plan', branches }));
    const [record] = written(life, A);
    expect(record?.kind === 'turn' && record.events[0]?.data).toEqual({
      name: 'plan',
      branches: ['a', 'b', 'c'],
      failed: [{ branch: 'b', reason: 'evicted: too many bytes' }],
    });
    expect((await activation(life)).ready.superpositions.get('plan')?.branches.map(({ name }) => name)).toEqual(['a', 'c']);
  });
});

describe('V3 V4 G1: a process that dies at every point of the life of a superposition', () => {
  it('leaves each command done or not done, and never half', async () => {
    let acknowledged = 0;
    const steps = new Map<string, string>();
    await crashEverywhere({
      kinds: [Solver],
      prepare: async (life, world) => {
        acknowledged = 0;
        await world.driven(life.call(A, 'note', 'first'));
      },
      work: async (life) => {
        for (const command of STORY) {
          await life.node.host.superpose(A, command);
          acknowledged += 1;
        }
      },
      finish: async () => undefined,
      check: async ({ life, world, point, crashed }) => {
        const done = (await world.records(A)).length - 1;
        expect([point, done >= acknowledged && done <= STORY.length]).toEqual([point, true]);
        if (!crashed) expect([point, done]).toEqual([point, STORY.length]);
        // The same prefix of the story is the same state, in whichever life.
        const seen = JSON.stringify([withoutTimes(await told(life)), await life.state(A)]);
        expect([point, steps.get(String(done)) ?? seen]).toEqual([point, seen]);
        steps.set(String(done), seen);
        for (const command of STORY.slice(done)) await world.driven(life.node.host.superpose(A, command));
        expect([point, await life.state(A)]).toEqual([point, { answer: 1, notes: ['begun', 'check twice'] }]);
      },
    });
    expect(steps.size).toBe(STORY.length + 1);
  }, 60_000);
});

function withoutTimes(superpositions: Value): unknown {
  return (superpositions as readonly { collapse: object | null }[]).map((each) => ({
    ...each,
    collapse: each.collapse === null ? null : { ...each.collapse, ms: 0 },
  }));
}
