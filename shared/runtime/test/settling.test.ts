import { type Activation, defineAgent } from '@skep/actor';
import type { Value } from '@skep/kernel';
import { treeOf } from '@skep/state';
import { describe, expect, it } from 'vitest';
import { codeOf, Door, failure, Hive, id, isSettled, type Life } from './hive.js';

let gate: Door | undefined;
const Diary = defineAgent({
  kind: 'diary',
  initial: { pages: [] as string[], count: 0 },
  passivateAfterMs: 60_000,
  handlers: {
    write(state, text: string) {
      state.pages.push(text);
      state.count += 1;
      return state.count;
    },
    tear(state) {
      state.pages.shift();
    },
    say(_state, what: Value, context) {
      context.emit('said', what);
    },
    send(_state, to: string, context) {
      context.send({ kind: 'diary', name: to }, 'write', `from ${context.name}`);
    },
    async slow(state) {
      await gate?.passed;
      state.count += 100;
    },
    large(state, bytes: number) {
      state.pages = ['x'.repeat(bytes)];
    },
  },
  queries: {
    count: (state) => state.count,
    past: (_state, range: { from?: number; to?: number }, context) => context.history(range),
  },
});

const A = id('diary', 'a');
const B = id('diary', 'b');

async function hive(options: ConstructorParameters<typeof Hive>[1] = {}) {
  gate = undefined;
  const world = new Hive([Diary], options);
  return { world, life: await world.start() };
}

async function activation(life: Life): Promise<Activation> {
  const found = await life.node.host.reading(A);
  if (found === undefined) throw new Error('it exists');
  return found;
}

const settle = (world: Hive, life: Life) => world.driven(life.node.host.settleAll());
const actorRoot = async (life: Life) => (await activation(life)).ready.actorRoot;

/** Writes many versions over several snapshots and processes; returns the content at each version. */
async function manyVersions(world: Hive, first: Life): Promise<{ life: Life; contents: Value[] }> {
  let life = first;
  const contents: Value[] = [{ pages: [], count: 0 }];
  for (let round = 0; round < 6; round += 1) {
    for (let at = 0; at < 4; at += 1) {
      await life.call(A, at === 3 ? 'tear' : 'write', `page ${round}.${at}`);
      contents.push(await life.state(A));
      await life.call(A, 'say', { round, at });
    }
    if (round % 2 === 0) await settle(world, life);
    if (round === 3) {
      life.crash();
      life = await world.start();
    }
  }
  return { life, contents };
}

describe('P1 P3 P4: history', () => {
  it('shows every version as it was, across snapshots, segments and processes', async () => {
    const { world, life: first } = await hive();
    const { life, contents } = await manyVersions(world, first);
    const { historian } = life.node.host;
    for (const [version, content] of contents.entries()) {
      const found = await historian.at(await activation(life), version);
      expect([version, found.tree.value()]).toEqual([version, content]);
      expect(found.tree.root()).toBe(treeOf(content).root());
    }
    expect(await codeOf(historian.at(await activation(life), contents.length))).toBe('unknown-version');
    expect(await codeOf(historian.at(await activation(life), -1))).toBe('unknown-version');
    expect(await codeOf(historian.at(await activation(life), 0.5))).toBe('unknown-version');
  });

  it('P2: lists every event once, in order, and ranges of versions give exactly theirs', async () => {
    const { world, life: first } = await hive();
    const { life } = await manyVersions(world, first);
    const { historian } = life.node.host;
    const all = await historian.events(await activation(life), {});
    // Every other record has an event of its handler's own.
    expect(all.map((event) => event.position)).toEqual(Array.from({ length: 48 }, (_, at) => (at % 2 === 0 ? [at + 1] : [at + 1, at + 1])).flat());
    expect(new Set(all.map((event) => event.id)).size).toBe(72);
    for (let from = 0; from <= 24; from += 3) {
      for (let to = from; to <= 24; to += 2) {
        const some = await historian.events(await activation(life), { from, to });
        expect([from, to, some]).toEqual([from, to, all.filter((event) => event.version >= from && event.version <= to)]);
      }
    }
    expect(await historian.events(await activation(life), { limit: 5 })).toEqual(all.slice(-5));
    expect(await life.ask(A, 'past', { from: 23 })).toEqual(all.filter((event) => event.version >= 23));
  });

  it('differs between versions by what changed between them', async () => {
    const { world, life: first } = await hive();
    const { life, contents } = await manyVersions(world, first);
    const { historian } = life.node.host;
    for (const [from, to] of [
      [0, 24],
      [3, 4],
      [20, 2],
    ] as const) {
      const changes = await historian.diff(await activation(life), from, to);
      const edits = changes.map((change) =>
        change.kind === 'delete'
          ? ({ kind: 'delete', path: change.path } as const)
          : ({ kind: change.kind, path: change.path, new: change.new } as const),
      );
      expect(treeOf(contents[from]).apply(edits).root()).toBe(treeOf(contents[to]).root());
    }
  });

  it('L10: is whole although the lane was trimmed to little', async () => {
    const { world, life } = await hive();
    const contents: Value[] = [];
    for (let at = 0; at < 60; at += 1) {
      await life.call(A, 'write', `page ${at}`);
      contents.push(await life.state(A));
      if (at % 10 === 9) await settle(world, life);
    }
    expect((await world.ports.log.read(life.node.driver.id, 0)).length).toBeLessThan(5);
    life.crash();
    const next = await world.start();
    for (const [at, content] of contents.entries())
      expect((await next.node.host.historian.at(await activation(next), at + 1)).tree.value()).toEqual(content);
  });
});

describe('G8: roots', () => {
  it('of actor and content are the same before a crash and after it, from the log and from snapshots', async () => {
    const { world, life } = await hive();
    const slot = world.operation();
    await life.call(A, 'write', 'one', { slot });
    await life.call(A, 'send', 'b');
    await life.call(B, 'send', 'a');
    await world.clock.advance(0);
    await life.call(A, 'write', 'two', { slot: { kind: 'session', id: 's', number: 1, acknowledged: 0 } });
    await isSettled(Promise.resolve());
    const before = await actorRoot(life);
    const content = (await activation(life)).ready.contentRoot;
    life.crash();
    const fromLog = await world.start();
    expect(await actorRoot(fromLog)).toBe(before);
    expect((await activation(fromLog)).ready.contentRoot).toBe(content);
    await settle(world, fromLog);
    const settled = await actorRoot(fromLog);
    fromLog.crash();
    const fromSnapshot = await world.start();
    expect(await actorRoot(fromSnapshot)).toBe(settled);
    expect((await activation(fromSnapshot)).ready.contentRoot).toBe(content);
  });

  it('of an actor in the middle of a turn, too', async () => {
    const { world, life } = await hive();
    await life.call(A, 'write', 'one');
    gate = new Door();
    void codeOf(life.call(A, 'slow'));
    await isSettled(Promise.resolve());
    const before = (await activation(life)).ready.actorRoot;
    life.crash();
    const next = await world.start();
    expect(await actorRoot(next)).toBe(before);
  });
});

describe('P4: snapshots', () => {
  it('make a restart read little', async () => {
    const { world, life } = await hive();
    for (let at = 0; at < 300; at += 1) await life.call(A, 'write', 'x');
    await settle(world, life);
    await life.call(A, 'write', 'last');
    life.crash();
    const next = await world.start();
    expect(next.controls.entriesRead).toBeLessThan(6);
    expect(await next.call(A, 'count')).toMatchObject({ value: 301, version: 301 });
  });

  it('are taken by themselves now and then, and early of an agent that writes much', async () => {
    const { world, life } = await hive({ settleEveryMs: 1_000 });
    await life.call(A, 'write', 'x');
    await world.clock.advance(1_100);
    expect((await world.entryOf(life.node, A))?.snapshot?.position).toBe(1);
    for (let at = 0; at < 3; at += 1) await life.call(A, 'large', 600_000 + at);
    await isSettled(Promise.resolve());
    expect((await world.entryOf(life.node, A))?.snapshot?.position).toBeGreaterThanOrEqual(3);
  });

  it('shorten the trail of an agent that comes back and writes nothing: it does not grow with every start', async () => {
    const { world, life: first } = await hive();
    await first.call(A, 'write', 'x');
    await settle(world, first);
    let life = first;
    for (let start = 0; start < 5; start += 1) {
      await life.call(B, 'write', 'y');
      life.crash();
      life = await world.start();
      expect((await world.entryOf(life.node, A))?.trail).toHaveLength(1);
      await settle(world, life);
      expect((await world.entryOf(life.node, A))?.trail).toEqual([]);
    }
    expect(await life.call(A, 'count')).toMatchObject({ value: 1, version: 1 });
  });

  it('that cannot be written are not tried again with every turn', async () => {
    const { world, life } = await hive();
    let puts = 0;
    life.controls.put = () => {
      puts += 1;
      return Promise.reject(failure('unavailable'));
    };
    await life.call(A, 'large', 600_000);
    for (let at = 0; at < 20; at += 1) await life.call(A, 'large', 600_001 + at);
    await isSettled(Promise.resolve());
    expect(puts).toBe(1);
    life.controls.put = undefined;
    await settle(world, life);
    expect((await world.entryOf(life.node, A))?.snapshot?.position).toBe(21);
  });

  it('taken while turns go on cover what they say, and lose nothing behind it', async () => {
    const { world, life } = await hive();
    for (let round = 0; round < 20; round += 1) {
      const calls = Array.from({ length: 5 }, (_, at) => life.call(A, 'write', `${round}.${at}`));
      const settled = life.node.host.settleAll();
      const more = Array.from({ length: 5 }, (_, at) => life.call(A, 'write', `${round}.${at + 5}`));
      await world.driven(Promise.all([...calls, ...more, settled]));
    }
    const { pages } = (await life.state(A)) as { pages: string[] };
    life.crash();
    const next = await world.start();
    expect(await next.state(A)).toEqual({ pages, count: 200 });
    expect(pages).toHaveLength(200);
  });

  it('whose directory write is in doubt or refused are named in the end', async () => {
    const { world, life } = await hive();
    await life.call(A, 'write', 'x');
    let tries = 0;
    life.controls.update = async (run) => {
      tries += 1;
      if (tries === 1) {
        await run();
        throw failure('outcome-unknown');
      }
      if (tries === 2) throw failure('outcome-unknown');
      return run();
    };
    await settle(world, life);
    expect((await world.entryOf(life.node, A))?.snapshot?.position).toBe(1);
    await life.call(A, 'write', 'y');
    life.controls.update = () => Promise.reject(failure('disk-full'));
    await settle(world, life);
    life.controls.update = undefined;
    await settle(world, life);
    expect((await world.entryOf(life.node, A))?.snapshot?.position).toBe(2);
    life.crash();
    expect(await (await world.start()).call(A, 'count')).toMatchObject({ value: 2 });
  });

  it('of agents at rest in memory do not hold back the trimming of a lane that others fill', async () => {
    const { world, life } = await hive({ settleEveryMs: 1_000 });
    await life.call(B, 'write', 'idle from now on');
    await world.clock.advance(1_100);
    for (let at = 0; at < 30; at += 1) {
      await life.call(A, 'large', 500_000 + at);
      await world.clock.advance(1_000);
    }
    let bytes = 0;
    for (const entry of await world.ports.log.read(life.node.driver.id, 0, { maxBytes: 1e9 })) bytes += entry.bytes.length;
    expect(bytes).toBeLessThan(10 * 1024 * 1024);
    life.crash();
    expect(await (await world.start()).call(B, 'count')).toMatchObject({ value: 1, version: 1 });
  });
});

describe('V1: an agent that nobody asks for', () => {
  it('leaves memory after its time and comes back with the next call, its state and versions whole', async () => {
    const { world, life } = await hive();
    await life.call(A, 'write', 'x');
    await world.clock.advance(61_000);
    await settle(world, life);
    await isSettled(Promise.resolve());
    expect(life.node.host.roster.find(A)).toBeUndefined();
    expect((await world.entryOf(life.node, A))?.free).toBe(true);
    expect(await life.call(A, 'count')).toMatchObject({ value: 1, version: 1 });
    expect(await life.call(A, 'write', 'y')).toMatchObject({ value: 2, version: 2 });
    expect(await life.node.host.historian.events(await activation(life), {})).toHaveLength(2);
  });

  it('stays while somebody asks for it, or while it has something to do', async () => {
    const { world, life } = await hive();
    await life.call(A, 'write', 'x');
    for (let at = 0; at < 5; at += 1) {
      await world.clock.advance(30_000);
      await settle(world, life);
      await life.call(A, 'count');
    }
    expect(life.node.host.roster.find(A)).toBeDefined();
    gate = new Door();
    const slow = life.call(A, 'slow');
    await world.clock.advance(55_000);
    await settle(world, life);
    expect(life.node.host.roster.find(A)).toBeDefined();
    gate.open();
    await slow;
  });

  it('answers who comes while it leaves: calls, readers and messages, each once', async () => {
    const { world, life } = await hive();
    await life.call(A, 'write', 'x');
    await life.call(B, 'write', 'y');
    await settle(world, life);
    await world.clock.advance(61_000);
    await life.call(B, 'count');
    const held = new Door();
    life.controls.update = async (run) => {
      await held.passed;
      return run();
    };
    const resting = life.node.host.settleAll();
    await isSettled(resting);
    expect(life.node.host.roster.find(A)?.stage).toBe('freeing');
    const work = [life.call(A, 'write', 'z'), life.call(A, 'count'), life.call(B, 'send', 'a'), life.state(A)];
    await isSettled(Promise.all(work));
    held.open();
    life.controls.update = undefined;
    await world.driven(Promise.all([...work, resting]));
    await world.clock.advance(1_000);
    expect(await life.state(A)).toEqual({ pages: ['x', 'z', 'from b'], count: 3 });
  });

  it('comes back also when it is in doubt whether it left', async () => {
    const { world, life } = await hive();
    await life.call(A, 'write', 'x');
    await settle(world, life);
    await world.clock.advance(61_000);
    life.controls.update = async (run) => {
      await run();
      life.controls.update = undefined;
      throw failure('outcome-unknown');
    };
    await settle(world, life);
    await isSettled(Promise.resolve());
    expect(await world.driven(life.call(A, 'write', 'y'))).toMatchObject({ value: 2, version: 2 });
    life.crash();
    expect(await (await world.start()).call(A, 'count')).toMatchObject({ value: 2 });
  });
});
