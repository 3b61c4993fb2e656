import { clockText, LIMITS } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { callOf, commandOf, Town, WORLD_START_MS } from './town.js';

describe('G4: headers that make a raw call take effect once', () => {
  it('Skep-Op: the same operation has one effect and one answer, through whatever node', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const headers = { 'Skep-Op': town.operation() };
    for (let time = 0; time < 6; time += 1) {
      expect(await town.raw(callOf('a', 'add'), '2', { headers })).toMatchObject({ value: 2, version: 1 });
    }
    expect(await town.refused(callOf('a', 'add'), '3', { headers })).toMatchObject({ code: 'operation-conflict' });
    expect(await town.raw(callOf('a', 'total'), '')).toMatchObject({ value: 2 });
  });

  it('Skep-Session: numbers of a session likewise', async () => {
    const town = await Town.of(['n1', 'n2']);
    const session = town.operation();
    const call = (number: number, acknowledged: number, by: number) =>
      town.raw(callOf('a', 'add'), String(by), { headers: { 'skep-session': `${session} ${number} ${acknowledged}` } });
    expect(await call(1, 0, 5)).toMatchObject({ value: 5 });
    expect(await call(1, 0, 5)).toMatchObject({ value: 5 });
    expect(await call(2, 1, 5)).toMatchObject({ value: 10 });
    expect(await call(1, 0, 5)).toMatchObject({ error: { code: 'operation-too-old' } });
    expect(await town.raw(callOf('a', 'total'), '')).toMatchObject({ value: 10 });
  });

  it('Skep-Version: a call that expects another version is refused', async () => {
    const town = await Town.of(['n1']);
    expect(await town.raw(callOf('a', 'add'), '1', { headers: { 'Skep-Version': '0' } })).toMatchObject({ version: 1 });
    expect(await town.refused(callOf('a', 'add'), '1', { headers: { 'Skep-Version': '0' } })).toMatchObject({ code: 'version-conflict' });
    expect(await town.raw(callOf('a', 'total'), '')).toMatchObject({ value: 1 });
  });

  it('Skep-Deadline: who waits too long hears that nobody knows', async () => {
    const town = await Town.of(['n1']);
    const error = await town.refused(callOf('a', 'slow'), '5', { headers: { 'Skep-Deadline': '200' } });
    expect(error).toMatchObject({ code: 'timeout', id: 'slow of default/tally/a' });
  });

  it('traceparent becomes the correlation, if it is one', async () => {
    const town = await Town.of(['n1', 'n2']);
    const traceparent = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`;
    await town.raw(callOf('a', 'add'), '1', { headers: { traceparent } });
    await town.raw(callOf('a', 'add'), '1', { headers: { traceparent: `00-${'0'.repeat(32)}-${'b2'.repeat(8)}-01` } });
    const history = (await town.raw(commandOf('a', 'history'), '')) as readonly { correlationId: string | null }[];
    expect(history[0]?.correlationId).toBe(traceparent);
    expect(history[1]?.correlationId).toBeNull();
  });
});

describe('G13: headers that are forged or malformed', () => {
  const session = '01900000-0000-7000-8000-000000000000';
  const ahead = clockText({ ms: WORLD_START_MS + LIMITS.clockDriftMs * 2, counter: 0 });
  const cases: readonly (readonly [string, { readonly [name: string]: string }, string])[] = [
    ['an operation that is no UUIDv7', { 'Skep-Op': 'again' }, 'invalid-id'],
    ['an operation of version 4', { 'Skep-Op': '01900000-0000-4000-8000-000000000000' }, 'invalid-id'],
    ['an operation made long ago', { 'Skep-Op': '01800000-0000-7000-8000-000000000000' }, 'operation-too-old'],
    ['an operation of the future', { 'Skep-Op': '0f900000-0000-7000-8000-000000000000' }, 'invalid-id'],
    ['an operation and a session', { 'Skep-Op': session, 'Skep-Session': `${session} 1 0` }, 'invalid-input'],
    ['a session without numbers', { 'Skep-Session': session }, 'invalid-input'],
    ['a session with a number 0', { 'Skep-Session': `${session} 0 0` }, 'invalid-input'],
    ['a session that acknowledges itself', { 'Skep-Session': `${session} 3 3` }, 'invalid-input'],
    ['a session with a fraction', { 'Skep-Session': `${session} 1.5 0` }, 'invalid-input'],
    ['a session with a number beyond all', { 'Skep-Session': `${session} 9999999999999999 0` }, 'invalid-input'],
    ['a session far ahead of what it acknowledged', { 'Skep-Session': `${session} 5000 0` }, 'overloaded'],
    ['a session that the agent cannot know', { 'Skep-Session': `${session} 8 7` }, 'operation-too-old'],
    ['a session with a long name', { 'Skep-Session': `${'s'.repeat(129)} 1 0` }, 'invalid-input'],
    ['a session with a long name in few letters', { 'Skep-Session': `${'ü'.repeat(100)} 1 0` }, 'invalid-input'],
    ['a version that is no number', { 'Skep-Version': 'latest' }, 'invalid-input'],
    ['a negative version', { 'Skep-Version': '-1' }, 'invalid-input'],
    ['a deadline of nothing', { 'Skep-Deadline': '0' }, 'invalid-input'],
    ['a deadline without end', { 'Skep-Deadline': '99999999999' }, 'invalid-input'],
    ['a clock that is none', { 'Skep-Clock': 'noon' }, 'malformed'],
    ['a clock too far ahead', { 'Skep-Clock': ahead }, 'invalid-input'],
    ['a chain of calls', { 'Skep-Chain': 'default/tally/b' }, 'invalid-input'],
    ['a header of no meaning', { 'Skep-Admin': 'true' }, 'invalid-input'],
    ['a header twice', { 'Skep-Version': '0', 'skep-version': '0' }, 'invalid-input'],
  ];

  it('are refused with what to do, and nothing has changed', async () => {
    const town = await Town.of(['n1', 'n2']);
    for (const [what, headers, code] of cases) {
      const error = await town.refused(callOf('a', 'add'), '1', { headers });
      expect(error, what).toMatchObject({ code });
      expect(error.message, what).not.toBe('');
      expect(error.remedy, what).not.toBe('');
    }
    expect(await town.raw(commandOf('a', 'history'), '')).toMatchObject({ error: { code: 'unknown-agent' } });
  });

  it('commands take no headers of calls', async () => {
    const town = await Town.of(['n1']);
    expect(await town.refused(commandOf('a', 'create'), '', { headers: { 'Skep-Op': town.operation() } })).toMatchObject({ code: 'invalid-input' });
    expect(await town.refused(commandOf('a', 'info'), '')).toMatchObject({ code: 'unknown-agent' });
  });

  it('a clock within the drift passes', async () => {
    const town = await Town.of(['n1']);
    const clock = clockText({ ms: WORLD_START_MS + 10_000, counter: 3 });
    expect(await town.raw(callOf('a', 'add'), '1', { headers: { 'Skep-Clock': clock } })).toMatchObject({ value: 1 });
  });
});
