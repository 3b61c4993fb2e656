import { decode, encode } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { callOf, commandOf, Town } from './town.js';

describe('Q11: anybody who speaks NATS', () => {
  it('calls handlers and queries in JSON', async () => {
    const town = await Town.of(['n1', 'n2']);
    expect(await town.raw(callOf('a', 'add'), '2')).toEqual({ value: 2, version: 1, level: expect.any(String) });
    expect(await town.raw(callOf('a', 'add'), ' 3 ')).toMatchObject({ value: 5, version: 2 });
    expect(await town.raw(callOf('a', 'total'), '')).toMatchObject({ value: 5, version: 2 });
    expect(await town.raw(callOf('a', 'total'), 'null')).toMatchObject({ value: 5 });
    expect(await town.raw(callOf('a', 'echo'), '{"at":{"$date":5},"held":{"$bytes":"AQI="}}')).toMatchObject({
      value: { at: new Date(5), held: Uint8Array.of(1, 2) },
    });
  });

  it('calls in MessagePack and is answered in MessagePack', async () => {
    const town = await Town.of(['n1']);
    const answer = decode(await town.rawBytes(callOf('a', 'echo'), encode({ at: new Date(5), held: Uint8Array.of(1, 2) })));
    expect(answer).toMatchObject({ value: { at: new Date(5), held: Uint8Array.of(1, 2) } });
    expect(decode(await town.rawBytes(callOf('a', 'add'), encode(3)))).toMatchObject({ value: 3 });
    expect(decode(await town.rawBytes(callOf('a', 'nothing'), encode(null)))).toMatchObject({ error: { code: 'unknown-method' } });
    expect(decode(await town.rawBytes(callOf('a', 'add'), Uint8Array.of(0xc1)))).toMatchObject({ error: { code: 'malformed' } });
  });

  it('tells JSON from MessagePack by the content type, else by the first byte', async () => {
    const town = await Town.of(['n1']);
    const typed = (type: string) => ({ headers: { 'content-type': type } });
    const byte = Uint8Array.of(0x35);
    expect(decode(await town.rawBytes(callOf('a', 'add'), byte, typed('application/msgpack')))).toMatchObject({ value: 53 });
    expect(await town.raw(callOf('b', 'add'), '5')).toMatchObject({ value: 5 });
    expect(await town.raw(callOf('b', 'add'), '5', typed('Application/JSON; charset=utf-8'))).toMatchObject({ value: 10 });
    expect(await town.refused(callOf('b', 'add'), '5', typed('text/plain'))).toMatchObject({ code: 'malformed', id: 'text/plain' });
    expect(decode(await town.rawBytes(callOf('b', 'total'), new Uint8Array(), typed('application/x-msgpack')))).toMatchObject({ value: 10 });
    for (const text of ['tru', '{', '"', '[1', '-', '{"a":1,"a":2}'])
      expect(await town.refused(callOf('b', 'echo'), text)).toMatchObject({ code: 'malformed' });
    expect(await town.raw(callOf('b', 'total'), '')).toMatchObject({ value: 10 });
  });

  it('gives commands as lists of arguments', async () => {
    const town = await Town.of(['n1', 'n2']);
    await town.raw(callOf('a', 'add'), '1');
    await town.raw(callOf('a', 'add'), '2');
    expect(await town.raw(commandOf('a', 'get'), '')).toMatchObject({ version: 2, value: { count: 3 } });
    expect(await town.raw(commandOf('a', 'at'), '[1]')).toMatchObject({ version: 1, value: { count: 1 } });
    expect(await town.raw(commandOf('a', 'info'), '[]')).toMatchObject({ agent: 'default/tally/a', version: 2, status: 'active' });
    expect(await town.raw(commandOf('a', 'diff'), '[1,2]')).toEqual([{ kind: 'update', path: ['count'], old: 1, new: 3 }]);
    expect(await town.raw(commandOf('a', 'checkpoint'), '["first"]')).toMatchObject({ name: 'first', version: 2 });
    expect(await town.raw(commandOf('a', 'branch'), '["b",{"version":1}]')).toMatchObject({ agent: 'default/tally/b', branchedFrom: { version: 1 } });
    expect(await town.raw(callOf('b', 'total'), '')).toMatchObject({ value: 1 });
    expect(await town.raw(commandOf('a', 'restore'), '[{"version":1}]')).toMatchObject({ value: { count: 1 } });
    expect(await town.raw(commandOf('a', 'history'), '[{"limit":1}]')).toMatchObject([{ type: 'restored' }]);
    expect(await town.refused(commandOf('a', 'at'), '1')).toMatchObject({ code: 'malformed' });
    expect(await town.refused(commandOf('a', 'at'), '[9]')).toMatchObject({ code: 'unknown-version' });
    expect(await town.refused(commandOf('a', 'explode'), '')).toMatchObject({ code: 'unknown-method' });
    expect(await town.refused(commandOf('a', 'branch'), '["b"]')).toMatchObject({ code: 'agent-exists' });
    expect(await town.refused(commandOf('nobody', 'info'), '')).toMatchObject({ code: 'unknown-agent' });
  });
});
