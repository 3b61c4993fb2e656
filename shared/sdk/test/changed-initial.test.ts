/** G1, G7, G8: the initial state of a kind may change in code; agents that have begun stay what they were, and so does their past. */
import { describe, expect, it } from 'vitest';
import { agentId, defineAgent } from '../src/index.js';
import { type TestSkep, testSkep } from '../src/testing.js';
import { refusal } from './refusal.js';

let passed: Promise<void> = Promise.resolve();
let bugs = 0;

interface Jar {
  count: number;
  label?: string;
  kept: { readonly at: Date; readonly seal: Uint8Array }[];
}

const jarKind = (initial: (name: string) => Jar) =>
  defineAgent({
    kind: 'jar',
    initial,
    handlers: {
      add(state, by: number) {
        state.count += by;
        return state.count;
      },
      drop(state) {
        delete state.label;
      },
      look() {},
      async slow(state, by: number, ctx) {
        await ctx.step('wait', () => passed);
        state.count += by;
      },
    },
  });

/** What the code said when the agents began. */
const Old = jarKind((name) => ({ count: 100, label: `jar of ${name}`, kept: [{ at: new Date(5), seal: Uint8Array.of(1, 2) }] }));
/** What it says later: other values, and the label is gone. */
const New = jarKind(() => ({ count: 0, kept: [] }));
/** And later still: it cannot even be asked. */
const Broken = jarKind(() => {
  bugs += 1;
  throw new Error('a bug in the initial state');
});

const idOf = (name: string) => agentId({ tenant: 'default', kind: 'jar', name });
const jarOf = (skep: TestSkep, name: string) => skep.agent(Old, name);
type Handle = ReturnType<typeof jarOf>;

/** Everything that is told of an agent's past. */
async function pastOf(skep: TestSkep, name: string) {
  const jar = jarOf(skep, name);
  const { value, version, root } = await jar.state();
  const versions = [];
  for (let at = 0; at <= version; at += 1) versions.push(await jar.at(at));
  return {
    value,
    version,
    root,
    versions,
    history: await jar.history(),
    whole: await jar.diff(0, version),
    checkpoints: await skep.client.checkpoints(idOf(name)),
  };
}

async function began(skep: TestSkep): Promise<Handle> {
  const jar = jarOf(skep, 'a');
  await jar.add(1);
  await jar.drop();
  await jar.checkpoint('three');
  await jar.add(10);
  return jar;
}

describe('G8: an agent that began under another initial state', () => {
  it.each([
    ['from its records alone', New, false],
    ['from a snapshot', New, true],
    ['from its records alone, though the code of today throws', Broken, false],
    ['from a snapshot, though the code of today throws', Broken, true],
  ] as const)('is what it was, roots and past included, %s', async (_from, kind, snapshot) => {
    await using skep = await testSkep({ kinds: [Old] });
    const jar = await began(skep);
    if (snapshot) await skep.advance(120_000);
    const before = await pastOf(skep, 'a');
    expect(before.versions[0]).toMatchObject({ version: 0, value: { count: 100, label: 'jar of a' } });
    skep.crash();
    await skep.reopen({ kinds: [kind] });
    expect(await pastOf(skep, 'a')).toEqual(before);
    expect(await jar.add(1)).toBe(112);
    skep.crash();
    await skep.reopen();
    expect((await jar.state()).value).toMatchObject({ count: 112 });
    expect(await jar.at(0)).toEqual(before.versions[0]);
    expect(bugs).toBe(0);
  });

  it('is restored and branched to what it was, also to the version before its first turn', async () => {
    await using skep = await testSkep({ kinds: [Old] });
    const jar = await began(skep);
    const { versions } = await pastOf(skep, 'a');
    skep.crash();
    await skep.reopen({ kinds: [New] });
    expect((await jar.restore({ version: 0 })).root).toBe(versions[0]?.root);
    expect((await jar.restore({ checkpoint: 'three' })).root).toBe(versions[2]?.root);
    await jar.branch('b', { version: 0 });
    await jar.branch('c', { version: 1 });
    const roots = async () => [await skep.agent(New, 'b').state(), await skep.agent(New, 'c').state()].map(({ root }) => root);
    expect(await roots()).toEqual([versions[0]?.root, versions[1]?.root]);
    // The branch began as the code said on its day, and says so however that changes.
    const first = await skep.agent(New, 'c').at(0);
    expect(first.value).toEqual({ count: 0, kept: [] });
    skep.crash();
    await skep.reopen({ kinds: [Old] });
    expect(await roots()).toEqual([versions[0]?.root, versions[1]?.root]);
    expect(await skep.agent(Old, 'c').at(0)).toEqual(first);
    expect((await jar.state()).root).toBe(versions[2]?.root);
  });

  it('by being created has begun; by a turn that left no record it has not', async () => {
    await using skep = await testSkep({ kinds: [Old] });
    const looked = jarOf(skep, 'looked');
    const created = jarOf(skep, 'created');
    await looked.look();
    await skep.client.create(idOf('created'));
    const before = await created.state();
    skep.crash();
    await skep.reopen({ kinds: [New] });
    expect(await created.state()).toEqual(before);
    expect(await created.add(1)).toBe(101);
    expect(await looked.add(1)).toBe(1);
  });

  it('by a turn that awaits has begun with its first step: the turn is resumed on what it began with', async () => {
    let open = (): void => {};
    passed = new Promise((resolve) => {
      open = resolve;
    });
    await using skep = await testSkep({ kinds: [Old] });
    const jar = jarOf(skep, 'a');
    const slow = jar.slow(5).catch((error: Error) => error);
    await skep.advance(1);
    skep.crash();
    await slow;
    open();
    await skep.reopen({ kinds: [New] });
    await skep.advance(1);
    expect((await jar.state()).value).toMatchObject({ count: 105, label: 'jar of a' });
    expect((await jar.at(0)).value).toMatchObject({ count: 100 });
  });

  it('and one that has not begins as the code of the day says, also where it was looked at before', async () => {
    await using skep = await testSkep({ kinds: [Old] });
    const jar = jarOf(skep, 'a');
    // Refused, and in memory from then on.
    await refusal(skep.client.call(idOf('a'), 'add', 1, { expectedVersion: 7 }), 'version-conflict');
    expect((await jar.state()).value).toMatchObject({ count: 100 });
    skep.setKinds([New]);
    expect((await jar.state()).value).toEqual({ count: 0, kept: [] });
    expect(await jar.add(1)).toBe(1);
    expect((await jar.at(0)).value).toEqual({ count: 0, kept: [] });
  });
});
