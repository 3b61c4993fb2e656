import type { Clock } from '@skep/ports';
import { codeOfRejection } from '@skep/ports/conformance';
import { describe, expect, it } from 'vitest';
import { type GuardedWrite, GuardedWriter } from '../src/guarded-write.js';
import { type StoredMessage, type StoreOutcome, WRITE_ID } from '../src/jetstream.js';

const write: GuardedWrite = { subject: 's', bytes: new Uint8Array(1), expected: 5, id: 'mine' };
const stored = (sequence: number): StoreOutcome => ({ kind: 'stored', sequence });
const unknown: StoreOutcome = { kind: 'unknown', why: 'no answer in time' };
const busy: StoreOutcome = { kind: 'busy' };
const leaderless: StoreOutcome = { kind: 'not-taken', why: 'no leader', soon: true };

/** Time that passes only while somebody waits for it: how busy the machine is decides nothing. */
function waitingClock(): Clock {
  let passedMs = 0;
  return {
    nowMs: () => Math.floor(passedMs),
    monotonicMs: () => passedMs,
    setTimer(delayMs, fire) {
      const immediate = setImmediate(() => {
        passedMs += delayMs;
        fire();
      });
      return () => clearImmediate(immediate);
    },
  };
}

/** A stream that answers by the script, and shows what lies behind sequence 5. */
function scripted(script: readonly StoreOutcome[], stream: { behind?: { id: string; sequence: number }; last?: number; leaderless?: boolean } = {}) {
  const sent: { readonly subject: string; readonly headers: Readonly<Record<string, string>> }[] = [];
  const message = (id: string, sequence: number): StoredMessage => ({
    subject: 's',
    sequence,
    bytes: new Uint8Array(1),
    header: (name) => (name === WRITE_ID ? id : ''),
  });
  const looked = <Found>(found: Found): Promise<Found> =>
    stream.leaderless ? Promise.reject(new Error('there is no leader')) : Promise.resolve(found);
  const writer = new GuardedWriter(
    {
      answerMs: 10,
      store: async (request) => {
        sent.push(request);
        return script[sent.length - 1] ?? unknown;
      },
    },
    waitingClock(),
    {
      behind: () =>
        looked(stream.behind && { first: message(stream.behind.id, stream.behind.sequence), last: stream.last ?? stream.behind.sequence }),
      last: () => looked(stream.last === undefined ? undefined : message('another', stream.last)),
    },
    30,
  );
  return { sent, write: () => writer.write(write) };
}

describe('a guarded write', () => {
  it('is stored when the stream says so', async () => {
    expect(await scripted([stored(6)]).write()).toEqual({ kind: 'stored', sequence: 6 });
  });

  it('knows its own write again after a lost acknowledgement (W1)', async () => {
    for (const first of [unknown, busy, { kind: 'wrong-last', last: 6 } as const]) {
      const { write: run, sent } = scripted([first], { behind: { id: 'mine', sequence: 6 } });
      expect(await run()).toEqual({ kind: 'stored', sequence: 6 });
      expect(sent).toHaveLength(1);
    }
  });

  it('knows its own write although more was written behind it', async () => {
    const { write: run } = scripted([{ kind: 'wrong-last', last: 9 }], { behind: { id: 'mine', sequence: 6 }, last: 9 });
    expect(await run()).toEqual({ kind: 'stored', sequence: 6 });
  });

  it('is a conflict only when something else lies behind the expected sequence', async () => {
    for (const first of [unknown, busy, { kind: 'wrong-last', last: 7 } as const]) {
      expect(await scripted([first], { behind: { id: 'theirs', sequence: 7 }, last: 8 }).write()).toEqual({ kind: 'conflict', last: 8 });
    }
  });

  it('does not believe a conflict that the stream does not confirm: whoever told it was behind', async () => {
    const { write: run, sent } = scripted([{ kind: 'wrong-last', last: 3 }, stored(6)], { last: 5 });
    expect(await run()).toEqual({ kind: 'stored', sequence: 6 });
    expect(sent).toHaveLength(2);
  });

  it('is a conflict when the expected sequence is not there, by a confirmed read', async () => {
    expect(await scripted([{ kind: 'wrong-last', last: 0 }]).write()).toEqual({ kind: 'conflict', last: 0 });
    expect(await scripted([{ kind: 'wrong-last', last: 4 }], { last: 4 }).write()).toEqual({ kind: 'conflict', last: 4 });
  });

  it('sends the same message again, under the same id', async () => {
    const { write: run, sent } = scripted([busy, unknown, leaderless, stored(6)]);
    expect(await run()).toEqual({ kind: 'stored', sequence: 6 });
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map(({ headers }) => headers[WRITE_ID]))).toEqual(new Set(['mine']));
  });

  it('is unknown when nothing can be found out in time (W2)', async () => {
    expect(await codeOfRejection(scripted([unknown], { leaderless: true }).write())).toBe('outcome-unknown');
    expect(await codeOfRejection(scripted([unknown, leaderless, leaderless, leaderless, leaderless, leaderless]).write())).toBe('outcome-unknown');
    expect(await codeOfRejection(scripted([{ kind: 'wrong-last', last: 3 }], { leaderless: true }).write())).toBe('outcome-unknown');
  });

  it('is refused only when no copy can have been taken (W3)', async () => {
    const full: StoreOutcome = { kind: 'refused', error: Object.assign(new Error('full'), { name: 'SkepError', code: 'disk-full' }) as never };
    expect(await codeOfRejection(scripted([full]).write())).toBe('disk-full');
    expect(await codeOfRejection(scripted([unknown, full, full, full, full, full, full, full]).write())).toBe('outcome-unknown');
    const away: StoreOutcome = { kind: 'not-taken', why: 'away', soon: false };
    expect(await codeOfRejection(scripted([away]).write())).toBe('unavailable');
    expect(await codeOfRejection(scripted(Array.from({ length: 50 }, () => leaderless)).write())).toBe('unavailable');
  });
});
