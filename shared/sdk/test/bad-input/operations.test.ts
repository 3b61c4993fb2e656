import { describe, expect, it } from 'vitest';
import { operationId, StateKind } from '../../src/index.js';
import { testSkep } from '../../src/testing.js';
import { Counter } from '../kinds.js';
import { refusal } from '../refusal.js';

const WINDOW_MS = 10 * 60_000;

describe('G4 G13: operation ids', () => {
  it('answers a replayed operation as the first time, also after a crash, and runs it once', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    const counter = skep.agent(Counter, 'a');
    const once = counter.with({ operation: skep.operation() });
    expect(await once.increment(5)).toBe(5);
    await counter.increment(1);
    expect(await once.increment(5)).toBe(5);
    skep.crash();
    await skep.reopen();
    expect(await once.increment(5)).toBe(5);
    expect(await counter.total()).toBe(6);
  });

  it('runs one of many at once', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    const once = skep.agent(Counter, 'a').with({ operation: skep.operation() });
    expect(await Promise.all(Array.from({ length: 20 }, () => once.increment(5)))).toEqual(Array.from({ length: 20 }, () => 5));
    expect(await skep.agent(Counter, 'a').total()).toBe(5);
  });

  it('refuses the same operation with another body or another method', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    const operation = skep.operation();
    const once = skep.agent(Counter, 'a').with({ operation });
    await once.increment(5);
    for (const work of [() => once.increment(6), () => once.note('x'), () => once.reset()]) {
      const error = await refusal(work(), 'operation-conflict');
      expect(error.id).toBe(operation);
    }
    expect(await skep.agent(Counter, 'a').total()).toBe(5);
    // Another agent knows nothing of it.
    expect(await skep.agent(Counter, 'b').with({ operation }).increment(6)).toBe(6);
  });

  it('refuses an operation that is too old to be known, never runs it twice', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    const counter = skep.agent(Counter, 'a');
    const operation = skep.operation();
    await counter.with({ operation }).increment(5);
    const late = skep.operation();
    await skep.advance(WINDOW_MS + 1_000);
    const error = await refusal(counter.with({ operation: late }).increment(1), 'operation-too-old');
    expect(error.id).toBe(late);
    expect(error.remedy).toContain('Read the state');
    // The first one is forgotten when a later one is remembered; then it is refused as well.
    await counter.with({ operation: skep.operation() }).increment(1);
    await refusal(counter.with({ operation }).increment(5), 'operation-too-old');
    skep.crash();
    await skep.reopen();
    await refusal(counter.with({ operation }).increment(5), 'operation-too-old');
    expect(await counter.total()).toBe(6);
  });

  it('refuses what is no UUIDv7, and one from the future', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    const counter = skep.agent(Counter, 'a');
    const wrong = ['', 'x', '00000000-0000-4000-8000-000000000000', '019B76DA-A800-77E7-BAEA-4F4A88E561E2', 'z'.repeat(36)];
    for (const operation of wrong) await refusal(counter.with({ operation }).increment(1), 'invalid-id');
    const future = operationId(skep.clock.nowMs() + 2 * 60_000, new Uint8Array(10));
    expect((await refusal(counter.with({ operation: future }).increment(1), 'invalid-id')).remedy).toContain('clock');
    expect(await counter.state()).toMatchObject({ version: 0 });
  });

  it('may be tried again under the same id when it was refused', async () => {
    await using skep = await testSkep({ kinds: [Counter] });
    const doc = skep.agent(StateKind, 'd').with({ operation: skep.operation() });
    await refusal(doc.update({ changes: [{ set: 'x', value: 1 }], expectedVersion: 1 }), 'version-conflict');
    await skep.agent(StateKind, 'd').update({ changes: [{ set: 'y', value: 1 }] });
    expect(await doc.update({ changes: [{ set: 'x', value: 1 }], expectedVersion: 1 })).toEqual({ changes: 1 });
  });
});
