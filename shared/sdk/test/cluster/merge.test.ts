import { describe, expect, it } from 'vitest';
import { callOf, commandOf, Town, tally } from './town.js';

describe('V8: merges in a cluster', () => {
  it('V8: agents merge wherever they are, asked by any client, in JSON too', async () => {
    const town = await Town.of(['n1', 'n2']);
    const client = town.client();
    const [a, b] = [tally('a'), tally('b')];
    await town.drive(client.call(a, 'add', 1));
    await town.drive(client.branch(a, 'b'));
    await town.drive(client.call(a, 'note', 'here'));
    await town.drive(client.call(b, 'note', 'there'));
    const holder = ['n1', 'n2'].find((name) => town.node(name).node.host.roster.find(b) !== undefined) as string;
    const target = holder === 'n1' ? 'n2' : 'n1';
    await town.drive(Promise.resolve(town.node(holder).node.company?.migrate(b, target)));
    expect(town.node(holder).node.host.roster.find(a)).toBeDefined();
    expect(town.node(holder).node.host.roster.find(b)).toBeUndefined();
    const dry = await town.raw(commandOf('a', 'merge'), '[{"from":"default/tally/b","dryRun":true}]');
    expect(dry).toMatchObject({ kind: 'merged', level: null, changes: [{ kind: 'create', path: ['seen', 'there'], new: 1 }] });
    expect(await town.drive(client.merge(a, { from: b }))).toMatchObject({ kind: 'merged', bases: [{ agent: a, version: 1 }], version: 3 });
    expect(await town.drive(client.get(a))).toMatchObject({ value: { count: 1, seen: { here: 1, there: 1 } } });
    expect(await town.raw(commandOf('a', 'merges'), '')).toMatchObject([{ kind: 'merged', version: 3, from: { agent: b, version: 2 } }]);
    expect(await town.raw(commandOf('a', 'blame'), '[["seen","there"]]')).toMatchObject({ type: 'merged', version: 3 });
    expect(await town.drive(client.merge(b, { from: a }))).toMatchObject({ kind: 'fast-forward', changes: [{ path: ['seen', 'here'] }] });
  });

  it('G10: a client merges agents of its own tenant only', async () => {
    const town = await Town.of(['n1']);
    await town.raw(callOf('a', 'add', 'one'), '1');
    await town.raw(callOf('a', 'add', 'two'), '1');
    expect(await town.refused(commandOf('a', 'merge', 'one'), '[{"from":"two/tally/a"}]')).toMatchObject({ code: 'invalid-input' });
    expect(await town.refused(commandOf('a', 'merge', 'one'), '[]')).toMatchObject({ code: 'invalid-input' });
    expect(await town.refused(commandOf('a', 'merge', 'one'), '[{"from":7}]')).toMatchObject({ code: 'invalid-id' });
  });
});
