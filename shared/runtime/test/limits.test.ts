import { defineAgent } from '@skep/actor';
import { LIMITS } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { codeOf, Hive, id } from './hive.js';

const Box = defineAgent({
  kind: 'box',
  initial: { text: '', list: [] as string[] },
  handlers: {
    put(state, text: string) {
      state.text = text;
    },
    grow(state, { count, bytes }: { count: number; bytes: number }) {
      for (let at = 0; at < count; at += 1) state.list.push('x'.repeat(bytes));
    },
    sendLarge(state, bytes: number, context) {
      state.text = 'sent';
      context.send({ kind: 'box', name: 'b' }, 'put', 'x'.repeat(bytes));
    },
    askLarge(_state, bytes: number, context) {
      return context.ask({ kind: 'box', name: 'b' }, 'put', 'x'.repeat(bytes));
    },
    emitLarge(_state, bytes: number, context) {
      context.emit('large', 'x'.repeat(bytes));
    },
    answerLarge: (_state, bytes: number) => 'x'.repeat(bytes),
  },
});

const A = id('box', 'a');

describe('G13: what is too large', () => {
  it('as input is refused before the turn, with the limit named, and nothing is changed', async () => {
    const world = new Hive([Box], { limits: { payloadBytes: 1_000 } });
    const life = await world.start();
    await expect(life.call(A, 'put', 'x'.repeat(1_000))).rejects.toMatchObject({
      code: 'payload-too-large',
      message: expect.stringContaining('1000'),
      id: A,
      remedy: expect.stringContaining('less'),
    });
    expect(await codeOf(life.call(A, 'put', 'ä'.repeat(498)))).toBe('done');
    expect(await codeOf(life.call(A, 'put', 'ä'.repeat(499)))).toBe('payload-too-large');
    expect(await codeOf(life.call(A, 'sendLarge', 1_000))).toBe('payload-too-large');
    expect(await codeOf(life.call(A, 'askLarge', 1_000))).toBe('payload-too-large');
    expect(await codeOf(life.call(A, 'emitLarge', 1_000))).toBe('payload-too-large');
    expect(await world.records()).toHaveLength(1);
  });

  it('by default is what has more than a megabyte', async () => {
    const life = await new Hive([Box]).start();
    expect(await codeOf(life.call(A, 'put', new Uint8Array(LIMITS.payloadBytes)))).toBe('payload-too-large');
    expect(await codeOf(life.call(A, 'put', 'x'.repeat(LIMITS.payloadBytes - 5)))).toBe('done');
  });

  it('as one record of a turn is refused, and the agent goes on', async () => {
    const world = new Hive([Box], { limits: { recordBytes: 5_000 } });
    const life = await world.start();
    await life.call(A, 'put', 'small');
    await expect(life.call(A, 'grow', { count: 10, bytes: 1_000 })).rejects.toMatchObject({
      code: 'payload-too-large',
      message: expect.stringContaining('5000'),
    });
    expect(await codeOf(life.call(A, 'answerLarge', 10_000))).toBe('done');
    expect(await codeOf(life.call(A, 'answerLarge', 10_000, { slot: world.operation() }))).toBe('payload-too-large');
    expect(await life.state(A)).toEqual({ text: 'small', list: [] });
    expect(await codeOf(life.call(A, 'grow', { count: 3, bytes: 1_000 }))).toBe('done');
  });

  it('as a state is refused where it would grow beyond its limit, turn after turn', async () => {
    const life = await new Hive([Box], { limits: { stateBytes: 10_000 } }).start();
    const codes: string[] = [];
    for (let at = 0; at < 12; at += 1) codes.push(await codeOf(life.call(A, 'grow', { count: 1, bytes: 1_000 })));
    expect(codes).toEqual([...Array.from({ length: 9 }, () => 'done'), 'payload-too-large', 'payload-too-large', 'payload-too-large']);
  });
});
