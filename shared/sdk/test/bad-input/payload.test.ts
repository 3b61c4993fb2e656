import { describe, expect, it } from 'vitest';
import { agentId, defineAgent, openSkep } from '../../src/index.js';
import { testSkep } from '../../src/testing.js';
import { freshFolders } from '../folders.js';
import { Box, MAKERS } from '../kinds.js';
import { refusal } from '../refusal.js';

const { freshDir, open, connect } = freshFolders();
const MEBIBYTE = 1024 * 1024;
const box = agentId({ tenant: 'default', kind: 'box', name: 'b' });

describe('G13 U9: payloads over a limit', () => {
  it('refuses an input over the limit, says limit and remedy, in process and through the socket', async () => {
    const dir = freshDir();
    const skep = await open(dir, { kinds: [Box] });
    const remote = await connect(dir);
    await skep.client.call(box, 'put', 'kept');
    const large: readonly unknown[] = [
      'x'.repeat(MEBIBYTE),
      new Uint8Array(MEBIBYTE),
      { list: Array.from({ length: 70_000 }, () => 'sixteen letters.') },
      'x'.repeat(30 * MEBIBYTE),
    ];
    for (const input of large) {
      for (const client of [skep.client, remote]) {
        const error = await refusal(client.call(box, 'put', input as string), 'payload-too-large');
        expect(error.message).toMatch(/the input has \d+ bytes, the limit is 1048576/);
        expect(error.remedy).toContain('in several calls');
        expect(error.id).toBe(box);
      }
    }
    expect((await remote.get(box)).value).toEqual({ held: 'kept' });
    await remote.call(box, 'put', 'x'.repeat(MEBIBYTE - 10));
    expect((await skep.client.info(box)).version).toBe(2);
  });

  it('keeps to a limit that was lowered', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Box], limits: { payloadBytes: 1_000 } });
    await skep.agent(Box, 'b').put('x'.repeat(990));
    expect((await refusal(skep.agent(Box, 'b').put('x'.repeat(1_000)), 'payload-too-large')).message).toContain('the limit is 1000');
  });

  it('refuses a turn whose record is over the limit, and the turn changes nothing', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Box] });
    const held = skep.agent(Box, 'b');
    await held.put('kept');
    MAKERS.set('grow', (state) => {
      state.held = 'x'.repeat(5 * MEBIBYTE);
    });
    const error = await refusal(held.run('grow'), 'payload-too-large');
    expect(error.message).toMatch(/record has \d+ bytes, the limit is 4194304/);
    expect(error.id).toBe(box);
    expect(await held.state()).toMatchObject({ version: 1, value: { held: 'kept' } });
    await held.put('again');
    expect((await held.state()).version).toBe(2);
  });

  it('refuses more messages in one turn than an outbox holds, and more timers than an agent has', async () => {
    const Talker = defineAgent({
      kind: 'talker',
      initial: { n: 0 },
      handlers: {
        shout(state, count: number, ctx) {
          state.n += 1;
          for (let at = 0; at < count; at += 1) ctx.send({ kind: 'talker', name: 'b' }, 'hear');
        },
        hear(state) {
          state.n += 1;
        },
        wake(state, count: number, ctx) {
          state.n += 1;
          for (let at = 0; at < count; at += 1) ctx.timer(`t${at}`, { afterMs: 10 }, 'hear');
        },
      },
    });
    await using skep = await testSkep({ kinds: [Talker] });
    const talker = skep.agent(Talker, 'a');
    await refusal(talker.shout(4_097), 'outbox-full');
    await refusal(talker.wake(1_025), 'overloaded');
    expect((await talker.state()).version).toBe(0);
    expect(await skep.client.list()).toEqual([]);
    await talker.shout(100);
    await skep.advance(10);
    expect((await skep.agent(Talker, 'b').state()).value.n).toBe(100);
  });

  it('refuses an input over the limit that an agent sends, asks or sets a timer with, and the turn changes nothing', async () => {
    const Sender = defineAgent({
      kind: 'sender',
      initial: { n: 0 },
      handlers: {
        send(state, text: string, ctx) {
          state.n += 1;
          ctx.send({ kind: 'sender', name: 'b' }, 'take', text.repeat(2));
        },
        async ask(state, text: string, ctx) {
          state.n += 1;
          await ctx.ask({ kind: 'sender', name: 'b' }, 'take', text.repeat(2));
        },
        wake(state, text: string, ctx) {
          state.n += 1;
          ctx.timer('t', { afterMs: 10 }, 'take', text.repeat(2));
        },
        take(state) {
          state.n += 1;
        },
      },
    });
    await using skep = await testSkep({ kinds: [Sender] });
    const sender = skep.agent(Sender, 'a');
    const text = 'x'.repeat(700_000);
    for (const work of [() => sender.send(text), () => sender.ask(text), () => sender.wake(text)]) {
      expect((await refusal(work(), 'payload-too-large')).message).toContain('the limit is 1048576');
    }
    await skep.advance(1_000);
    expect(await skep.client.list()).toEqual([]);
  });

  it('refuses a turn that lets the state grow beyond the limit; what fitted is there after a crash', async () => {
    const Hoard = defineAgent({
      kind: 'hoard',
      initial: { parts: [] as Uint8Array[] },
      handlers: {
        grow(state) {
          state.parts.push(new Uint8Array(3_900_000).fill(state.parts.length));
        },
        drop(state) {
          state.parts.pop();
        },
      },
    });
    await using skep = await testSkep({ kinds: [Hoard] });
    const hoard = skep.agent(Hoard, 'h');
    for (let at = 0; at < 17; at += 1) await hoard.grow();
    const error = await refusal(hoard.grow(), 'payload-too-large');
    expect(error.message).toContain('the limit is 67108864');
    expect((await hoard.info()).version).toBe(17);
    await skep.advance(60_000);
    skep.crash();
    await skep.reopen();
    expect(await hoard.info()).toMatchObject({ version: 17, bytes: expect.any(Number) });
    await hoard.drop();
    await hoard.grow();
    expect((await hoard.info()).version).toBe(19);
  });
});
