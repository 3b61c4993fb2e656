import { parseJson } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import type { WatchedTurn } from '../../src/index.js';
import { callOf, swarmOf, Town, tally } from './town.js';

interface Followed {
  readonly agent: string;
  readonly version: number;
  readonly type: string;
  readonly changes: number;
  readonly timeMs: number;
  readonly events: readonly { readonly type: string; readonly data: unknown; readonly edits: readonly unknown[] }[];
}

/** Everything that is published as an event, whoever it is for. */
function listen(town: Town): Followed[] {
  const heard: Followed[] = [];
  town.outside.ports.bus.subscribe('skep.*.main.event.*.*', ({ subject, payload }) => {
    const turn = parseJson(new TextDecoder().decode(payload)) as unknown as Followed;
    expect(subject).toBe(`skep.${turn.agent.replace('/', '.main.event.').replace('/', '.')}`);
    heard.push(turn);
  });
  return heard;
}

const NAMES = Array.from({ length: 9 }, (_, at) => `a${at}`);

describe('Q11: following agents', () => {
  it('every acknowledged turn is published by whichever node runs it, from the answer on and not before', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const heard = listen(town);
    for (const name of NAMES) await town.raw(callOf(name, 'add'), '1');
    await town.wait(1_000);
    expect(heard).toEqual([]);
    expect(await town.raw(swarmOf('follow'), '')).toMatchObject({ forMs: 60_000 });
    for (const name of NAMES) await town.raw(callOf(name, 'add'), '1');
    await town.wait(1_000);
    expect(heard.map(({ agent }) => agent).sort()).toEqual(NAMES.map((name) => tally(name)));
    expect(heard[0]).toMatchObject({ version: 2, changes: 1, events: [{ edits: [{ kind: 'update', path: ['count'], new: 2 }] }] });
    await town.raw(callOf('a1', 'said'), '"hello"');
    await town.wait(100);
    const said = heard[heard.length - 1]?.events ?? [];
    expect(said.find(({ type }) => type === 'greeted')?.data).toEqual({ text: 'hello' });
  });

  it('a follow chooses kind and id, is renewed under its name, ends by itself, or when it is told to', async () => {
    const town = await Town.of(['n1', 'n2']);
    const heard = listen(town);
    const { follow } = (await town.raw(swarmOf('follow'), '{"kind":"tally","id":"a1","forMs":5000}')) as { follow: string };
    for (const name of NAMES) await town.raw(callOf(name, 'add'), '1');
    await town.wait(4_000);
    expect(heard.map(({ agent }) => agent)).toEqual([tally('a1')]);
    await town.raw(swarmOf('follow'), JSON.stringify({ follow, id: 'a1', forMs: 5_000 }));
    await town.wait(4_000);
    await town.raw(callOf('a1', 'add'), '1');
    await town.wait(100);
    expect(heard).toHaveLength(2);
    await town.wait(6_000);
    expect([...town.nodes.values()].map(({ node }) => node.follows.size)).toEqual([0, 0]);
    await town.raw(callOf('a1', 'add'), '1');
    await town.wait(100);
    expect(heard).toHaveLength(2);
    const again = (await town.raw(swarmOf('follow'), '')) as { follow: string };
    await town.raw(swarmOf('unfollow'), JSON.stringify({ follow: again.follow }));
    await town.raw(callOf('a1', 'add'), '1');
    await town.wait(100);
    expect(heard).toHaveLength(2);
  });

  it('G10: what a tenant follows publishes nothing of another, and cannot be ended by another', async () => {
    const town = await Town.of(['n1', 'n2']);
    const heard = listen(town);
    const { follow } = (await town.raw(swarmOf('follow', 'red'), '')) as { follow: string };
    await town.raw(swarmOf('unfollow', 'blue'), JSON.stringify({ follow }));
    await town.raw(callOf('a', 'add', 'blue'), '1');
    await town.raw(callOf('a', 'add', 'red'), '1');
    await town.wait(100);
    expect(heard.map(({ agent }) => agent)).toEqual([tally('a', 'red')]);
  });

  it('G13: what cannot be followed is refused; followers are bounded', async () => {
    const town = await Town.of(['n1']);
    for (const text of ['{"forMs":0}', '{"forMs":"long"}', '{"forMs":99999999}', '[]', '5']) {
      expect(await town.refused(swarmOf('follow'), text)).toMatchObject({ code: 'invalid-input' });
    }
    for (const text of ['{"kind":""}', '{"id":5}', '{"follow":""}'])
      expect(await town.refused(swarmOf('follow'), text)).toMatchObject({ code: 'invalid-id' });
    expect(await town.refused(swarmOf('unfollow'), '{}')).toMatchObject({ code: 'invalid-input' });
    expect(town.node('n1').follows.size).toBe(0);
    for (let at = 0; at < 256; at += 1) await town.raw(swarmOf('follow'), '');
    expect(await town.refused(swarmOf('follow'), '')).toMatchObject({ code: 'overloaded' });
    expect(await town.raw(swarmOf('follow', 'blue'), '')).toMatchObject({ forMs: 60_000 });
  });

  it('a node that comes later takes part', async () => {
    const town = await Town.of(['n1']);
    const heard = listen(town);
    await town.raw(swarmOf('follow'), '');
    await town.live('n2');
    for (const name of NAMES) await town.raw(callOf(`new ${name}`.replace(' ', '-'), 'add'), '1');
    await town.wait(100);
    expect(heard).toHaveLength(NAMES.length);
    expect(town.node('n2').follows.size).toBe(1);
  });

  it('the client watches all nodes until it stops', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const [watcher, worker] = [town.client(), town.client()];
    const seen: WatchedTurn[] = [];
    const stop = await town.drive(watcher.watch((turns) => void seen.push(...turns)));
    await town.wait(150_000);
    for (const name of NAMES) await town.drive(worker.call(tally(name), 'add', 1));
    await town.wait(100);
    expect(seen.map(({ agent, version, changes }) => ({ agent, version, changes }))).toEqual(
      expect.arrayContaining(NAMES.map((name) => ({ agent: tally(name), version: 1, changes: 1 }))),
    );
    expect(seen).toHaveLength(NAMES.length);
    stop();
    await town.wait(1_000);
    expect([...town.nodes.values()].map(({ node }) => node.follows.size)).toEqual([0, 0, 0]);
    await town.drive(worker.call(tally('a0'), 'add', 1));
    await town.wait(100);
    expect(seen).toHaveLength(NAMES.length);
  });
});
