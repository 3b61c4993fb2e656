import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AgentMerge, agentId, defineAgent, openSkep } from '../../src/index.js';
import { testSkep } from '../../src/testing.js';
import { refusal } from '../refusal.js';

const Notes = defineAgent({
  kind: 'notes',
  schema: z.object({ title: z.string().max(20), count: z.number().int(), items: z.array(z.object({ id: z.string(), text: z.string() })) }),
  initial: { title: 'notes', count: 0, items: [] as { id: string; text: string }[] },
  handlers: {
    title(state, title: string, context) {
      state.title = title;
      // What handlers emit is theirs: it is not taken for a merge.
      context.emit('merged', { from: 'nobody', version: 7 });
    },
    count(state, by: number) {
      state.count += by;
    },
    add(state, item: { id: string; text: string }) {
      state.items.push(item);
    },
    insert(state, item: { id: string; text: string }) {
      state.items.unshift(item);
    },
    edit(state, { at, text }: { at: number; text: string }) {
      const item = state.items[at];
      if (item !== undefined) item.text = text;
    },
    remove(state, at: number) {
      state.items.splice(at, 1);
    },
    look() {},
  },
});

const opened = () => openSkep({ memory: true, kinds: [Notes] });
const id = (name: string) => agentId({ tenant: 'default', kind: 'notes', name });
const rules = [
  { path: ['count'], resolve: 'counter' },
  { path: ['items'], resolve: { kind: 'list-by-id', key: 'id' } },
] as const;

describe('V8: merging one agent into another', () => {
  it('V8: brings what a branch changed into the agent, in one turn that says where it comes from', async () => {
    await using skep = await opened();
    const main = skep.agent(Notes, 'main');
    await main.add({ id: 'a', text: 'first' });
    const branch = await main.branch('try');
    await branch.add({ id: 'b', text: 'tried' });
    await main.title('here');
    const merged = await main.merge({ from: branch.id });
    expect(merged).toMatchObject({
      kind: 'merged',
      agent: main.id,
      version: 3,
      from: { agent: branch.id, version: 2 },
      bases: [{ agent: main.id, version: 1 }],
      level: 'memory',
      changes: [{ kind: 'create', path: ['items', 1], new: { id: 'b', text: 'tried' } }],
    });
    expect((await main.state()).value).toEqual({
      title: 'here',
      count: 0,
      items: [
        { id: 'a', text: 'first' },
        { id: 'b', text: 'tried' },
      ],
    });
    const [event] = (await main.history()).slice(-1);
    expect(event).toMatchObject({ type: 'merged', source: 'control', data: { from: branch.id, version: 2 }, version: 3 });
    expect(await skep.client.merges(main.id)).toEqual([{ kind: 'merged', version: 3, from: { agent: branch.id, version: 2 } }]);
    expect(await skep.client.merges(branch.id)).toEqual([{ kind: 'branched', version: 1, from: { agent: main.id, version: 1 } }]);
  });

  it('V8: nothing new, fast-forward, and back again', async () => {
    await using skep = await opened();
    const main = skep.agent(Notes, 'main');
    await main.count(1);
    const branch = await main.branch('try');
    expect((await main.merge({ from: branch.id })).kind).toBe('unchanged');
    await branch.count(4);
    expect(await main.merge({ from: branch.id })).toMatchObject({ kind: 'fast-forward', version: 2 });
    expect((await main.state()).root).toBe((await branch.state()).root);
    expect((await branch.merge({ from: main.id })).kind).toBe('unchanged');
    expect((await main.merge({ from: branch.id })).kind).toBe('unchanged');
    expect((await main.info()).version).toBe(2);
    await main.count(1);
    expect(await branch.merge({ from: main.id })).toMatchObject({ kind: 'fast-forward', bases: [{ agent: branch.id, version: 2 }] });
  });

  it('V8: what both changed alike is remembered as merged, although nothing changes', async () => {
    await using skep = await opened();
    const main = skep.agent(Notes, 'main');
    await main.count(1);
    const branch = await main.branch('try');
    await Promise.all([main.title('same'), branch.title('same')]);
    expect(await main.merge({ from: branch.id })).toMatchObject({ kind: 'merged', version: 2, changes: [] });
    await main.title('further');
    expect(await main.merge({ from: branch.id })).toMatchObject({ kind: 'unchanged', bases: [{ agent: branch.id, version: 2 }] });
    await branch.count(1);
    expect(await main.merge({ from: branch.id })).toMatchObject({ kind: 'merged', changes: [{ path: ['count'], new: 2 }] });
  });

  it('V8: conflicts are returned and nothing was changed; rules or resolutions settle them', async () => {
    await using skep = await opened();
    const main = skep.agent(Notes, 'main');
    await main.add({ id: 'a', text: 'old' });
    const branch = await main.branch('try');
    await branch.title('theirs');
    await branch.edit({ at: 0, text: 'new' });
    await main.title('ours');
    await main.remove(0);
    const before = await main.history();
    const merged = await main.merge({ from: branch.id });
    expect(merged).toMatchObject({ kind: 'conflicts', version: 3 });
    expect((merged as Extract<AgentMerge, { kind: 'conflicts' }>).conflicts).toMatchObject([
      { path: ['items'], kind: 'update-update' },
      { path: ['title'], kind: 'update-update', base: 'notes', ours: 'ours', theirs: 'theirs' },
    ]);
    expect(await main.history()).toEqual(before);
    const dry = await main.merge({ from: branch.id, dryRun: true, rules: [{ path: ['*'], resolve: 'theirs' }] });
    expect(dry).toMatchObject({ kind: 'merged', version: 3, level: null, changes: [{ path: ['items', 0] }, { path: ['title'], new: 'theirs' }] });
    expect(await main.history()).toEqual(before);
    const resolutions = [
      { path: ['title'], resolution: { kind: 'value', value: 'both' } },
      { path: ['items', 'a'], resolution: { kind: 'theirs' } },
    ] as const;
    expect(await main.merge({ from: branch.id, rules, resolutions })).toMatchObject({ kind: 'merged', version: 4 });
    expect((await main.state()).value).toEqual({ title: 'both', count: 0, items: [{ id: 'a', text: 'new' }] });
  });

  it('V8: agents that branched from a third merge, and counts are counted once however they were merged crosswise', async () => {
    await using skep = await opened();
    const root = skep.agent(Notes, 'root');
    await root.count(1);
    const one = await root.branch('one');
    await root.count(10);
    const two = await root.branch('two');
    let total = 11;
    for (let round = 0; round < 6; round += 1) {
      await one.count(100);
      await two.count(1_000);
      total += 1_100;
      // Each takes the other as it was before it was merged.
      const aside = await one.branch(`aside-${round}`);
      expect((await one.merge({ from: two.id, rules })).kind).toBe('merged');
      expect((await two.merge({ from: aside.id, rules })).kind).toBe('merged');
    }
    await one.title('one');
    const last = await two.merge({ from: one.id, rules });
    expect(last.bases.length).toBeGreaterThan(1);
    expect((await two.state()).value).toEqual({ title: 'one', count: total, items: [] });
    expect((await one.merge({ from: two.id, rules })).kind).toBe('unchanged');
    await two.count(1);
    expect((await one.merge({ from: two.id, rules })).kind).toBe('fast-forward');
    await root.count(5);
    expect(await root.merge({ from: two.id, rules })).toMatchObject({ kind: 'merged', bases: [{ agent: root.id, version: 2 }] });
    expect((await root.state()).value.count).toBe(total + 6);
  });

  it('V8: three agents that take each other’s states round after round count everything once, and soon', async () => {
    await using skep = await opened();
    const root = skep.agent(Notes, 'root');
    await root.count(1);
    const three = await Promise.all(['one', 'two', 'three'].map((name) => root.branch(name)));
    const rounds = 10;
    for (let round = 0; round < rounds; round += 1) {
      for (const each of three) await each.count(1);
      const aside = await Promise.all(three.map((each, at) => each.branch(`aside-${round}-${at}`)));
      for (const each of three) for (const other of aside) expect((await each.merge({ from: other.id, rules })).kind).not.toBe('conflicts');
    }
    for (const each of three) expect((await each.state()).value.count).toBe(1 + 3 * rounds);
  });

  it('V8: the last writer of a place wins, whoever wrote anything else later', async () => {
    await using skep = await testSkep({ kinds: [Notes] });
    const main = skep.agent(Notes, 'main');
    await main.add({ id: 'a', text: 'old' });
    const branch = await main.branch('try');
    const later = () => skep.advance(5);
    await main.title('earlier');
    await later();
    await branch.title('later');
    await branch.insert({ id: 'b', text: 'new' });
    await branch.edit({ at: 1, text: 'theirs' });
    await later();
    await main.edit({ at: 0, text: 'ours' });
    await main.count(1);
    const lastWriter = { resolve: 'last-writer' } as const;
    const placed = [
      { path: ['title'], ...lastWriter },
      { path: ['items'], resolve: { kind: 'list-by-id', key: 'id' } },
      { path: ['items', '*', 'text'], ...lastWriter },
    ] as const;
    expect((await main.merge({ from: branch.id, rules: placed })).kind).toBe('merged');
    expect((await main.state()).value).toEqual({
      title: 'later',
      count: 1,
      items: [
        { id: 'b', text: 'new' },
        { id: 'a', text: 'ours' },
      ],
    });
    // In one millisecond nobody was later.
    await Promise.all([main.title('one'), branch.title('other')]);
    expect((await main.merge({ from: branch.id, rules: placed })).kind).toBe('conflicts');
  });

  it('V8: turns and other merges go on while an agent is merged, and all of them count', async () => {
    await using skep = await opened();
    const main = skep.agent(Notes, 'main');
    await main.count(1);
    const branches = await Promise.all(['b1', 'b2', 'b3'].map((name) => main.branch(name)));
    for (const branch of branches) await branch.count(100);
    const works = Array.from({ length: 40 }, () => main.count(1));
    // Each twice: the second time there is nothing new.
    const merges = [...branches, ...branches].map((branch) => main.merge({ from: branch.id, rules }));
    await Promise.all([...works, ...Array.from({ length: 40 }, () => main.count(1))]);
    const kinds = (await Promise.all(merges)).map(({ kind }) => kind);
    expect(kinds.slice(3)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect((await main.state()).value.count).toBe(381);
    const changes = (await main.history({ limit: 500 })).filter(({ type }) => type === 'merged');
    expect(changes.map(({ version }) => version)).toHaveLength(3);
  });

  it('V8: a conflict that comes up while it is merged is told, and nothing was changed', async () => {
    await using skep = await opened();
    const main = skep.agent(Notes, 'main');
    await main.count(1);
    const branch = await main.branch('try');
    await branch.title('theirs');
    const [merged] = await Promise.all([main.merge({ from: branch.id }), ...Array.from({ length: 30 }, (_, at) => main.title(`ours ${at}`))]);
    const titles = (await main.history()).filter(({ type }) => type === 'merged').filter(({ source }) => source === 'control');
    expect(titles).toHaveLength(merged.kind === 'conflicts' ? 0 : 1);
    await skep.client.terminate(main.id);
    await refusal(main.merge({ from: branch.id, rules: [{ path: ['title'], resolve: 'theirs' }] }), 'agent-terminated');
  });

  it('G1: what was merged is remembered through crashes, and when the history lies in segments', async () => {
    await using skep = await testSkep({ kinds: [Notes] });
    const main = skep.agent(Notes, 'main');
    await main.count(1);
    const branch = await main.branch('try');
    await branch.count(10);
    await main.count(100);
    expect((await main.merge({ from: branch.id, rules })).kind).toBe('merged');
    await skep.crash();
    await skep.reopen();
    expect((await main.merge({ from: branch.id, rules })).kind).toBe('unchanged');
    // Long enough for both to be settled and to leave memory.
    await skep.advance(20 * 60_000);
    expect((await main.merge({ from: branch.id, rules })).kind).toBe('unchanged');
    await branch.count(10);
    await main.count(100);
    expect(await main.merge({ from: branch.id, rules })).toMatchObject({ kind: 'merged', bases: [{ agent: branch.id, version: 2 }] });
    expect((await main.state()).value.count).toBe(221);
    expect((await main.blame(['count']))?.type).toBe('merged');
  });

  it('G13: what cannot be merged is refused, and changes nothing', async () => {
    await using skep = await opened();
    const main = skep.agent(Notes, 'main');
    await main.count(1);
    const branch = await main.branch('try');
    const stranger = skep.agent(Notes, 'stranger');
    await stranger.count(1);
    await branch.title('x'.repeat(20));
    await refusal(main.merge({ from: stranger.id }), 'invalid-input');
    await refusal(main.merge({ from: id('nobody') }), 'unknown-agent');
    await refusal(skep.client.merge(id('nobody'), { from: main.id }), 'unknown-agent');
    await refusal(main.merge({ from: main.id }), 'invalid-input');
    await refusal(main.merge({ from: agentId({ tenant: 'default', kind: 'state', name: 'x' }) }), 'invalid-input');
    await refusal(main.merge({ from: agentId({ tenant: 'other', kind: 'notes', name: 'x' }) }), 'invalid-input');
    const wrong: readonly object[] = [
      { rules: 7 },
      { rules: [7] },
      { rules: [{ path: 'title', resolve: 'ours' }] },
      { rules: [{ path: ['title'], resolve: 'nothing' }] },
      { rules: [{ path: ['title'], resolve: { kind: 'list-by-id' } }] },
      { resolutions: [{ path: ['title'], resolution: 'ours' }] },
      { resolutions: [{ path: [{}], resolution: { kind: 'ours' } }] },
      { dryRun: 'yes' },
      { from: 7 },
    ];
    for (const each of wrong) {
      const request = { from: branch.id, ...each } as never;
      await refusal(main.merge(request), 'from' in each ? 'invalid-id' : 'invalid-input');
    }
    await refusal(main.blame('title' as never), 'invalid-input');
  });

  it('V8: a merge that the schema of the kind refuses is refused', async () => {
    await using skep = await opened();
    const main = skep.agent(Notes, 'main');
    await main.count(1);
    const branch = await main.branch('try');
    await Promise.all([branch.title('a'), main.title('b')]);
    const before = await main.history();
    await refusal(main.merge({ from: branch.id, rules: [{ path: ['title'], resolve: () => ({ kind: 'value', value: 7 }) }] }), 'invalid-state');
    expect(await main.history()).toEqual(before);
  });
});

describe('V8: blame', () => {
  it('V8: names the event that wrote what is at a path, through moves in lists', async () => {
    await using skep = await opened();
    const notes = skep.agent(Notes, 'a');
    await notes.add({ id: 'a', text: 'first' });
    await notes.add({ id: 'b', text: 'second' });
    await notes.edit({ at: 1, text: 'edited' });
    await notes.insert({ id: 'c', text: 'third' });
    await notes.look();
    await notes.remove(1);
    await notes.count(1);
    const versionOf = async (...path: (string | number)[]) => (await notes.blame(path))?.version;
    expect(await versionOf('items', 1, 'text')).toBe(3);
    expect(await versionOf('items', 1, 'id')).toBe(2);
    expect(await versionOf('items', 0)).toBe(4);
    expect(await versionOf('items')).toBe(5);
    expect(await versionOf()).toBe(6);
    expect(await notes.blame(['title'])).toBeNull();
    expect(await notes.blame(['nothing'])).toBeNull();
    expect(await notes.blame(['items', 1])).toMatchObject({ type: 'edit', changes: [{ path: ['items', 1, 'text'], new: 'edited' }] });
    await refusal(skep.client.blame(id('nobody'), ['title']), 'unknown-agent');
  });
});
