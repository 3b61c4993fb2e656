import { describe, expect, it } from 'vitest';
import { openSkep, type Path, type Skep, StateKind, type Value } from '../src/index.js';
import { refusal } from './refusal.js';

type Change = Parameters<Awaited<ReturnType<typeof document>>['update']>[0]['changes'][number];

function document(skep: Skep) {
  return skep.agent(StateKind, 'doc');
}

async function withDocument(run: (doc: ReturnType<typeof document>) => Promise<void>): Promise<void> {
  await using skep = await openSkep({ memory: true });
  await run(document(skep));
}

const own = (key: string, value: Value): Value =>
  Object.defineProperty({}, key, { value, enumerable: true, writable: true, configurable: true }) as Value;

describe('P1: the built-in kind state', () => {
  it('sets, deletes, increments and appends by path, all of an update in one version', () =>
    withDocument(async (doc) => {
      expect(
        await doc.update({
          changes: [
            { set: 'plan', value: { steps: ['read'], tries: 0 } },
            { append: 'plan.steps', value: 'write' },
            { set: 'plan.steps.2', value: 'rest' },
            { increment: 'plan.tries' },
            { increment: ['plan', 'tries'], by: 2.5 },
            { increment: 'plan.fresh', by: -1 },
            { append: 'log', value: { first: true } },
            { delete: 'plan.steps.0' },
          ],
        }),
      ).toEqual({ changes: 8 });
      const { value, version } = await doc.state();
      expect(value).toEqual({ plan: { steps: ['write', 'rest'], tries: 3.5, fresh: -1 }, log: [{ first: true }] });
      expect(version).toBe(1);
      expect(await doc.get({ path: 'plan.steps.1' })).toBe('rest');
      expect(await doc.get({ path: ['plan', 'steps', 0] })).toBe('write');
      expect(await doc.get()).toEqual(value);
      expect(await doc.get({})).toEqual(value);
    }));

  it('reaches keys with dots, keys like numbers, empty keys and __proto__ by lists', () =>
    withDocument(async (doc) => {
      const keys = ['a.b', '0', '12', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '01', '-1', '1e3', 'é🐝', ' '];
      for (const key of keys) await doc.update({ changes: [{ set: [key], value: { in: key } }] });
      for (const key of keys) {
        expect(await doc.get({ path: [key] }), key).toEqual({ in: key });
        await doc.update({
          changes: [{ set: [key, '__proto__'], value: [key] }, { increment: [key, 'a.b'] }, { append: [key, '__proto__'], value: 1 }],
        });
        expect(await doc.get({ path: [key, '__proto__'] }), key).toEqual([key, 1]);
        expect(await doc.get({ path: [key, 'a.b'] }), key).toBe(1);
      }
      const { value } = await doc.state();
      expect(Object.keys(value).sort()).toEqual([...keys].sort());
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      for (const key of keys) await doc.update({ changes: [{ delete: [key] }] });
      expect((await doc.state()).value).toEqual({});
      expect(({} as { in?: string }).in).toBeUndefined();
    }));

  it('takes digits in text for indexes of lists and for keys of objects', () =>
    withDocument(async (doc) => {
      await doc.update({
        changes: [
          { set: 'map', value: { 0: 'zero' } },
          { set: 'list', value: ['nought'] },
        ],
      });
      expect(await doc.get({ path: 'map.0' })).toBe('zero');
      expect(await doc.get({ path: ['map', '0'] })).toBe('zero');
      expect(await doc.get({ path: 'list.0' })).toBe('nought');
      await refusal(doc.get({ path: ['list', '0'] }), 'invalid-path');
      await refusal(doc.get({ path: 'list.length' }), 'invalid-path');
      await doc.update({ changes: [{ set: 'map.1', value: 'one' }] });
      expect(await doc.get({ path: 'map' })).toEqual({ 0: 'zero', 1: 'one' });
    }));

  it('holds bytes and dates, and does not look into them', () =>
    withDocument(async (doc) => {
      await doc.update({
        changes: [
          { set: 'bytes', value: Uint8Array.of(1, 2) },
          { set: 'date', value: new Date(7) },
        ],
      });
      expect((await doc.state()).value).toEqual({ bytes: Uint8Array.of(1, 2), date: new Date(7) });
      await refusal(doc.get({ path: 'bytes.0' }), 'invalid-path');
      await refusal(doc.update({ changes: [{ set: 'bytes.0', value: 9 }] }), 'invalid-path');
      await refusal(doc.update({ changes: [{ set: 'date.x', value: 9 }] }), 'invalid-path');
    }));

  it('checks the expected version, in the input and in the options', () =>
    withDocument(async (doc) => {
      await doc.update({ changes: [{ set: 'x', value: 1 }], expectedVersion: 0 });
      await refusal(doc.update({ changes: [{ set: 'x', value: 2 }], expectedVersion: 0 }), 'version-conflict');
      await refusal(doc.with({ expectedVersion: 5 }).update({ changes: [{ set: 'x', value: 2 }] }), 'version-conflict');
      await doc.with({ expectedVersion: 1 }).update({ changes: [{ set: 'x', value: 3 }], expectedVersion: 1 });
      expect((await doc.state()).value).toEqual({ x: 3 });
    }));

  it('tells its history, and makes no version of what changes nothing', () =>
    withDocument(async (doc) => {
      await doc.update({ changes: [{ set: 'x', value: 1 }] });
      await doc.update({ changes: [{ set: 'x', value: 1 }] });
      await doc.update({ changes: [] });
      await doc.update({ changes: [{ increment: 'x' }] });
      const history = await doc.history({ from: 1, to: 2 });
      expect(history.map((event) => [event.version, event.changes])).toEqual([
        [1, [{ kind: 'create', path: ['x'], new: 1 }]],
        [2, [{ kind: 'update', path: ['x'], old: 1, new: 2 }]],
      ]);
    }));

  const wrong: readonly (readonly [string, unknown, 'invalid-input' | 'invalid-path' | 'invalid-value'])[] = [
    ['no verb', {}, 'invalid-input'],
    ['an unknown verb', { remove: 'x' }, 'invalid-input'],
    ['two verbs', { set: 'x', delete: 'x', value: 1 }, 'invalid-input'],
    ['text', 'set', 'invalid-input'],
    ['null', null, 'invalid-input'],
    ['a list', ['set', 'x'], 'invalid-input'],
    ['set without a value', { set: 'x' }, 'invalid-input'],
    ['append without a value', { append: 'list' }, 'invalid-input'],
    ['delete with a value', { delete: 'x', value: 1 }, 'invalid-input'],
    ['a misspelt member', { increment: 'x', By: 2 }, 'invalid-input'],
    ['an increment by text', { increment: 'x', by: '2' }, 'invalid-input'],
    ['an increment beyond 2^53', { increment: 'x', by: 2 ** 53 - 1 }, 'invalid-value'],
    ['an increment of text', { increment: 'text' }, 'invalid-path'],
    ['an append to a map', { append: 'map', value: 1 }, 'invalid-path'],
    ['an append to the number', { append: 'x', value: 1 }, 'invalid-path'],
    ['the whole document', { set: '', value: {} }, 'invalid-path'],
    ['the whole document as a list', { delete: [] }, 'invalid-path'],
    ['a path through nothing', { set: 'none.x', value: 1 }, 'invalid-path'],
    ['a path through a number', { set: 'x.y', value: 1 }, 'invalid-path'],
    ['a path through an inherited member', { set: 'constructor.name', value: 1 }, 'invalid-path'],
    ['a path that is a number', { set: 5, value: 1 }, 'invalid-path'],
    ['a path with half an index', { set: ['list', 0.5], value: 1 }, 'invalid-path'],
    ['a path with a negative index', { set: ['list', -1], value: 1 }, 'invalid-path'],
    ['a path with a map in it', { set: [{}], value: 1 }, 'invalid-path'],
    ['a place behind the end of a list', { set: 'list.5', value: 1 }, 'invalid-path'],
    ['a word in a list', { set: 'list.first', value: 1 }, 'invalid-path'],
    ['a digit as text in a list', { set: ['list', '0'], value: 1 }, 'invalid-path'],
    ['a delete of nothing', { delete: 'none' }, 'invalid-path'],
    ['a delete behind the end', { delete: 'list.2' }, 'invalid-path'],
    ['a delete of an inherited member', { delete: 'toString' }, 'invalid-path'],
    ['a delete of the prototype', { delete: '__proto__' }, 'invalid-path'],
  ];

  it.each(wrong)('G13: refuses %s, and none of the changes before it takes effect', (_name, change, code) =>
    withDocument(async (doc) => {
      await doc.update({
        changes: [
          { set: 'x', value: 1 },
          { set: 'list', value: [1] },
          { set: 'map', value: {} },
          { set: 'text', value: 't' },
        ],
      });
      const before = await doc.state();
      await refusal(doc.update({ changes: [{ set: 'x', value: 2 }, { append: 'list', value: 2 }, change as Change] }), code);
      expect(await doc.state()).toEqual(before);
      await doc.update({ changes: [{ set: 'x', value: 3 }] });
      expect(await doc.get({ path: 'x' })).toBe(3);
    }),
  );

  const wrongInputs: readonly unknown[] = [
    null,
    5,
    'x',
    [],
    {},
    { changes: {} },
    { changes: [], expectedVersion: -1 },
    { changes: [], expectedVersion: 'x' },
    { changes: [], more: 1 },
  ];
  it.each(wrongInputs)('G13: refuses the input %j of update', (input) =>
    withDocument(async (doc) => {
      await refusal(doc.call('update', input), 'invalid-input');
      expect((await doc.state()).version).toBe(0);
    }),
  );

  it('G13: refuses wrong inputs of get and history', () =>
    withDocument(async (doc) => {
      for (const input of ['x', 5, [], [1]]) await refusal(doc.call('get', input), 'invalid-input');
      for (const path of [5, {}, [null], ['none'], [-1], ['__proto__'], 'a.b'])
        await refusal(doc.get({ path: path as unknown as Path }), 'invalid-path');
      for (const input of ['x', { limit: -1 }, { from: 'x' }, { to: 0.5 }]) await refusal(doc.call('history', input), 'invalid-input');
    }));

  it('keeps a __proto__ that came inside a value an ordinary key', () =>
    withDocument(async (doc) => {
      await doc.update({ changes: [{ set: 'x', value: own('__proto__', { polluted: true }) }] });
      expect(await doc.get({ path: ['x', '__proto__', 'polluted'] })).toBe(true);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      const { value } = await doc.state();
      expect((value.x as { polluted?: boolean }).polluted).toBeUndefined();
    }));
});
