/**
 * The test kit: a whole swarm in memory, in milliseconds, with time in your hands and a crash at your command.
 *
 *   import { testSkep } from '@skep/sdk/testing';
 *
 *   await using skep = await testSkep({ kinds: [Reminder], seed: 7 });
 *   const me = skep.agent(Reminder, 'me');
 *   await me.remind({ text: 'tea', afterMs: 60_000 });
 *
 *   await skep.advance(60_000);      // fires what is due, in order, each at its own time
 *   skep.crash();                    // the process dies here: what was acknowledged stays, what was not may be lost
 *   await skep.reopen();             // another process finds the same log; interrupted turns go on
 *   expect((await me.state()).value.reminded).toEqual(['tea']);
 *
 * What it promises:
 * - K1 Nothing depends on real time: the clock stands still until `advance`. Only a timer that is due already fires by itself.
 * - K2 The same seed and the same calls give the same randomness, the same times, the same operation ids, the same roots.
 * - K3 After `crash` the old process can write nothing more, not even from a handler that still awaits something. Its callers get
 *   `outcome-unknown`, as they would from a connection that broke.
 * - K4 Handles and watchers outlive a crash: they speak to the process that was opened last, and to none (`unavailable`) in between.
 *
 * What it is not: a disk. Level is `memory`; the log keeps what an fsync would have kept. It does not lose, delay or reorder anything.
 */
export { ManualClock } from './test-kit/manual-clock.js';
export { type TestOptions, TestSkep, testSkep } from './test-kit/test-skep.js';
