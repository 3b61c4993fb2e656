import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, BusMessage } from '../index.js';
import { codeOfRejection, eventually } from './eventually.js';

/** A bus to be judged, without faults. */
export interface BusSubject {
  readonly bus: Bus;
  /** Another member of the same bus, if there can be one. */
  readonly other?: Bus;
  /** Resolves when the other member knows of all subscriptions made so far. */
  settled?(): Promise<void>;
  /** Lets the bus's time pass, where that is not the real one. */
  wait?(delayMs: number): Promise<void>;
  close?(): Promise<void>;
}

/** Long enough for a stray delivery to show up. */
const QUIET_MS = 20;

/** What every `Bus` promises when nothing goes wrong; loss and doubling are the simulated bus's own tests. */
export function busConformance(name: string, make: () => Promise<BusSubject>): void {
  describe(`${name} keeps the promises of Bus`, () => {
    let subject: BusSubject;
    let bus: Bus;
    let other: Bus;

    beforeEach(async () => {
      subject = await make();
      bus = subject.bus;
      other = subject.other ?? subject.bus;
    });
    afterEach(async () => {
      await subject.close?.();
    });

    /** What a subscription got so far, as texts with their subjects. */
    const gather = async (on: Bus, pattern: string, queue?: string): Promise<string[]> => {
      const got: string[] = [];
      on.subscribe(pattern, (message) => got.push(`${message.subject} ${read(message.payload)}`), queue === undefined ? undefined : { queue });
      await subject.settled?.();
      return got;
    };
    const filled = (got: readonly string[], count: number) => eventually(`${count} messages`, () => (got.length >= count ? true : undefined));

    describe('publish', () => {
      it('reaches every subscriber, never inside publish', async () => {
        const got = await gather(bus, 'a.b');
        const too = await gather(other, 'a.b');
        other.publish('a.b', text('hello'));
        expect([got.length, too.length]).toEqual([0, 0]);
        await filled(got, 1);
        await filled(too, 1);
        expect([got, too]).toEqual([['a.b hello'], ['a.b hello']]);
      });

      it('keeps the order of one publisher on one subject', async () => {
        const got = await gather(bus, 'a.b');
        const sent = Array.from({ length: 500 }, (_, at) => `a.b ${at}`);
        for (let at = 0; at < 500; at += 1) other.publish('a.b', text(`${at}`));
        await filled(got, 500);
        expect(got).toEqual(sent);
      });

      it('to nobody is lost without a trace', async () => {
        bus.publish('nobody.here', text('x'));
        const got = await gather(bus, 'nobody.here');
        await pause(QUIET_MS);
        expect(got).toEqual([]);
      });

      it('carries headers, and any bytes', async () => {
        const got: BusMessage[] = [];
        bus.subscribe('h', (message) => got.push(message));
        await subject.settled?.();
        const headers = new Map([
          ['Skep-Op', 'x-1'],
          ['traceparent', '00-ab'],
        ]);
        other.publish(
          'h',
          Uint8Array.from({ length: 256 }, (_, at) => at),
          { headers },
        );
        other.publish('h', new Uint8Array(0));
        await eventually('both', () => (got.length === 2 ? true : undefined));
        expect([...(got[0]?.headers ?? [])].sort()).toEqual([...headers].sort());
        expect(got[0]?.payload).toEqual(Uint8Array.from({ length: 256 }, (_, at) => at));
        expect(got[1]?.payload.length).toBe(0);
        expect([...(got[1]?.headers ?? [])]).toEqual([]);
      });

      it('gives each receiver bytes of its own', async () => {
        const got: string[] = [];
        for (let at = 0; at < 2; at += 1) {
          bus.subscribe('own', (message) => {
            got.push(read(message.payload));
            message.payload.fill(0);
          });
        }
        await subject.settled?.();
        other.publish('own', text('same'));
        await filled(got, 2);
        expect(got).toEqual(['same', 'same']);
      });

      it('goes on after a handler that throws', async () => {
        const got: string[] = [];
        bus.subscribe('t', () => {
          throw new Error('a faulty handler');
        });
        bus.subscribe('t', (message) => got.push(read(message.payload)));
        await subject.settled?.();
        other.publish('t', text('1'));
        other.publish('t', text('2'));
        await filled(got, 2);
        expect(got).toEqual(['1', '2']);
      });
    });

    describe('subscribe', () => {
      it.each([
        ['a.*', ['a.b', 'a.c'], ['a', 'a.b.c', 'b.a']],
        ['*.b', ['a.b', 'x.b'], ['b', 'a.b.b', 'a.c']],
        ['a.*.c', ['a.b.c'], ['a.c', 'a.b.b.c', 'a.b.d']],
        ['a.>', ['a.b', 'a.b.c', 'a.b.c.d'], ['a', 'b.a', 'ab.c']],
        ['a.*.>', ['a.b.c', 'a.b.c.d'], ['a.b', 'a']],
        ['>', ['a', 'a.b', 'x.y.z'], []],
        ['a.b', ['a.b'], ['a.c', 'a', 'a.b.c', 'a.bb']],
      ])('to %s gets what it stands for and nothing else', async (pattern, wanted, unwanted) => {
        const got = await gather(bus, pattern);
        for (const name of [...unwanted, ...wanted]) other.publish(name, text('x'));
        await filled(got, wanted.length);
        await pause(QUIET_MS);
        expect([...got].sort()).toEqual(wanted.map((name) => `${name} x`).sort());
      });

      it('gets a message once for each subscription that matches', async () => {
        const one = await gather(bus, 'a.*');
        const two = await gather(bus, 'a.b');
        const three = await gather(bus, '>');
        other.publish('a.b', text('x'));
        for (const got of [one, two, three]) await filled(got, 1);
        await pause(QUIET_MS);
        expect([one.length, two.length, three.length]).toEqual([1, 1, 1]);
      });

      it('ends when it is told, also twice', async () => {
        const got: string[] = [];
        const stop = bus.subscribe('a', (message) => got.push(read(message.payload)));
        const kept = await gather(bus, 'a');
        other.publish('a', text('1'));
        await filled(got, 1);
        stop();
        stop();
        other.publish('a', text('2'));
        await filled(kept, 2);
        await pause(QUIET_MS);
        expect(got).toEqual(['1']);
      });

      it('in a queue shares messages; those without a queue get all of them', async () => {
        const members = [await gather(bus, 'q.*', 'workers'), await gather(other, 'q.*', 'workers'), await gather(bus, 'q.*', 'workers')];
        const audit = await gather(bus, 'q.*', 'audit');
        const plain = await gather(other, 'q.*');
        for (let at = 0; at < 60; at += 1) other.publish(`q.${at}`, text('x'));
        await filled(plain, 60);
        await filled(audit, 60);
        await eventually('every message taken', () => (members.reduce((sum, got) => sum + got.length, 0) >= 60 ? true : undefined));
        await pause(QUIET_MS);
        const taken = members.flat();
        expect([taken.length, new Set(taken).size, audit.length, plain.length]).toEqual([60, 60, 60, 60]);
      });
    });

    describe('inbox', () => {
      it('takes every answer to what was published with it, in order', async () => {
        bus.subscribe('many', (message) => {
          for (let at = 0; at < 3; at += 1) message.reply(text(`${read(message.payload)} ${at}`));
        });
        const inbox = other.inbox();
        const got = await gather(other, inbox);
        other.publish('many', text('one'), { replyTo: inbox });
        await filled(got, 3);
        expect(got).toEqual([0, 1, 2].map((at) => `${inbox} one ${at}`));
      });

      it('is another one each time', () => {
        expect(new Set([bus.inbox(), bus.inbox(), other.inbox(), other.inbox()]).size).toBe(4);
      });
    });

    describe('request', () => {
      it('resolves with the reply', async () => {
        bus.subscribe('echo.*', (message) => message.reply(text(`${message.subject}: ${read(message.payload)}`)));
        await subject.settled?.();
        expect(read(await other.request('echo.a', text('hi'), { timeoutMs: 5000 }))).toBe('echo.a: hi');
      });

      it('gets its own reply when many are under way', async () => {
        bus.subscribe('echo', (message) => message.reply(message.payload));
        await subject.settled?.();
        const replies = await Promise.all(Array.from({ length: 100 }, (_, at) => other.request('echo', text(`${at}`), { timeoutMs: 5000 })));
        expect(replies.map(read)).toEqual(Array.from({ length: 100 }, (_, at) => `${at}`));
      });

      it('takes the first of several replies', async () => {
        bus.subscribe('twice', (message) => {
          message.reply(text('first'));
          message.reply(text('second'));
        });
        await subject.settled?.();
        expect(read(await other.request('twice', text(''), { timeoutMs: 5000 }))).toBe('first');
      });

      it('can be answered later, by a member of a queue', async () => {
        const wait = (delayMs: number) => subject.wait?.(delayMs) ?? pause(delayMs);
        for (const member of [bus, other]) {
          member.subscribe('late', (message) => void wait(5).then(() => message.reply(text('done'))), { queue: 'q' });
        }
        await subject.settled?.();
        expect(read(await other.request('late', text(''), { timeoutMs: 5000 }))).toBe('done');
      });

      it('carries headers', async () => {
        bus.subscribe('h', (message) => message.reply(text(message.headers.get('Skep-Op') ?? 'none')));
        await subject.settled?.();
        expect(read(await other.request('h', text(''), { timeoutMs: 5000, headers: new Map([['Skep-Op', 'o-1']]) }))).toBe('o-1');
      });

      it('rejects with unavailable when nobody listens', async () => {
        expect(await codeOfRejection(bus.request('nobody', text(''), { timeoutMs: 5000 }))).toBe('unavailable');
      });

      it('rejects with timeout when nobody answers', async () => {
        bus.subscribe('silent', () => undefined);
        await subject.settled?.();
        expect(await codeOfRejection(other.request('silent', text(''), { timeoutMs: 20 }))).toBe('timeout');
      });

      it('is unharmed by a reply after its time-out; replying to a mere message does nothing', async () => {
        const late: BusMessage[] = [];
        bus.subscribe('slow', (message) => late.push(message));
        await subject.settled?.();
        expect(await codeOfRejection(other.request('slow', text(''), { timeoutMs: 10 }))).toBe('timeout');
        other.publish('slow', text(''));
        await eventually('both', () => (late.length === 2 ? true : undefined));
        for (const message of late) message.reply(text('too late'));
        await pause(QUIET_MS);
      });
    });
  });
}

function text(written: string): Uint8Array {
  return new TextEncoder().encode(written);
}

function read(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
