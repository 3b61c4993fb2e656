/**
 * How to test agents of your own: a whole swarm in memory, time that goes on when you say so, and crashes on demand. Everything below
 * takes milliseconds, and the same seed gives the same run.
 */
import assert from 'node:assert/strict';
import { defineAgent } from '@skep/sdk';
import { testSkep } from '@skep/sdk/testing';

/** The outside world of this test: mails by their idempotency key. */
const mails = new Map<string, string>();

/** What is to be tested: it asks a customer for payment, reminds every day, and gives up after a week. */
const Invoice = defineAgent({
  kind: 'invoice',
  initial: { status: 'new' as 'new' | 'open' | 'paid' | 'lost', reminders: 0 },
  handlers: {
    async send(state, amount: number, ctx) {
      await ctx.step('mail', ({ id }) => mails.set(id, `Please pay ${amount}.`).size);
      state.status = 'open';
      ctx.timer('daily', { everyMs: 24 * 3_600_000 }, 'remind');
    },
    remind(state, _input: null, ctx) {
      state.reminders += 1;
      if (state.reminders < 7) return;
      state.status = 'lost';
      ctx.cancelTimer('daily');
    },
    pay(state, _input: null, ctx) {
      state.status = 'paid';
      ctx.cancelTimer('daily');
    },
  },
});

export async function main(print: (line: string) => void): Promise<void> {
  // Time: a week goes by in an instant.
  {
    await using skep = await testSkep({ kinds: [Invoice], seed: 42 });
    const invoice = skep.agent(Invoice, '2026-001');
    await invoice.send(10);
    await skep.advance(3 * 24 * 3_600_000);
    assert.deepEqual((await invoice.state()).value, { status: 'open', reminders: 3 });
    await skep.advance(30 * 24 * 3_600_000);
    assert.deepEqual((await invoice.state()).value, { status: 'lost', reminders: 7 });
    print('a customer who never pays is reminded seven times');
  }
  // Crashes: after each moment of the work the process dies, and another one takes over.
  {
    await using skep = await testSkep({ kinds: [Invoice] });
    const invoice = skep.agent(Invoice, '2026-002');
    await invoice.send(10);
    for (let day = 0; day < 5; day += 1) {
      skep.crash();
      await skep.reopen();
      await skep.advance(24 * 3_600_000);
    }
    await invoice.pay();
    skep.crash();
    await skep.reopen();
    await skep.advance(30 * 24 * 3_600_000);
    assert.deepEqual((await invoice.state()).value, { status: 'paid', reminders: 5 });
    assert.equal(mails.size, 2);
    print('a crash every day changes nothing');
  }
}

if (process.argv[1] === import.meta.filename) await main(console.log);
