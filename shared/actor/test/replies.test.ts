import { encode, hash, isSkepError, LIMITS, operationId } from '@skep/kernel';
import type { ReplySlot } from '@skep/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Replies } from '../src/dedupe.js';

const START_MS = Date.UTC(2026, 0, 1);
const bodyOf = (body: number) => hash(encode(body)).slice(0, 16);

function slotOf(session: number, number: number, acknowledged: number): ReplySlot {
  return { kind: 'session', id: `s${session}`, number, acknowledged };
}

/** What the agent says to a call at a time, or the code of its refusal. */
function say(replies: Replies, slot: ReplySlot, body: number, nowMs: number): string {
  try {
    const found = replies.lookup({ slot, body: bodyOf(body), nowMs, by: 'client' });
    return found.kind === 'new' ? 'new' : `known ${found.answer.value} at ${found.answer.version}`;
  } catch (error) {
    if (isSkepError(error)) return error.code;
    throw error;
  }
}

const call = fc.record({
  /** Made this long before it arrives. */
  ageMs: fc.oneof(fc.nat(2_000), fc.nat(LIMITS.operationWindowMs * 2)),
  pauseMs: fc.oneof(fc.nat(50), fc.nat(LIMITS.operationWindowMs)),
  again: fc.boolean(),
  body: fc.nat(1),
  random: fc.uint8Array({ minLength: 10, maxLength: 10 }),
});

describe('G4: remembered replies', () => {
  it('D2: run no operation twice, and answer each again as long as it is young enough', () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 80 }), (calls) => {
        const replies = new Replies();
        const ran = new Map<string, { readonly body: number; readonly version: number }>();
        let nowMs = START_MS;
        let version = 0;
        for (const { ageMs, pauseMs, again, body, random } of calls) {
          nowMs += pauseMs;
          const earlier = [...ran.keys()];
          const id =
            again && earlier.length > 0
              ? (earlier[random[0] === undefined ? 0 : random[0] % earlier.length] as string)
              : operationId(nowMs - ageMs, random);
          const said = say(replies, { kind: 'operation', id }, body, nowMs);
          const before = ran.get(id);
          if (before === undefined) {
            expect(['new', 'operation-too-old']).toContain(said);
            if (ageMs > LIMITS.operationWindowMs) expect(said).toBe('operation-too-old');
          } else {
            expect(said).not.toBe('new');
            if (said.startsWith('known')) expect([said, body]).toEqual([`known ${before.version} at ${before.version}`, before.body]);
          }
          if (said !== 'new') continue;
          version += 1;
          ran.set(id, { body, version });
          replies.remember({ slot: { kind: 'operation', id }, body: bodyOf(body), value: version }, { ms: nowMs, version });
          expect(say(replies, { kind: 'operation', id }, body, nowMs)).toBe(
            ageMs > LIMITS.operationWindowMs ? 'operation-too-old' : `known ${version} at ${version}`,
          );
        }
      }),
    );
  });

  it('D1 G8: written down and read back behave as before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 8 }), fc.nat(4), fc.nat(1)), { maxLength: 40 }), (calls) => {
        const replies = new Replies();
        let version = 0;
        for (const [session, number, acknowledged, body] of calls) {
          const slot = slotOf(session, number, acknowledged);
          const again = Replies.fromValue(replies.toValue());
          expect(again.toValue()).toEqual(replies.toValue());
          expect(say(again, slot, body, START_MS)).toBe(say(replies, slot, body, START_MS));
          if (say(replies, slot, body, START_MS) !== 'new') continue;
          version += 1;
          replies.remember({ slot, body: bodyOf(body), value: version }, { ms: START_MS, version });
        }
      }),
    );
  });

  it('serve an agent that asks again after a rest longer than the window, as long as nothing was forgotten', () => {
    const replies = new Replies();
    const slot: ReplySlot = { kind: 'operation', id: operationId(START_MS, new Uint8Array(10)) };
    const nowMs = START_MS + 2 * LIMITS.operationWindowMs;
    expect(say(replies, slot, 1, nowMs)).toBe('operation-too-old');
    expect(replies.lookup({ slot, body: bodyOf(1), nowMs, by: 'agent' })).toEqual({ kind: 'new' });
    const young: ReplySlot = { kind: 'operation', id: operationId(START_MS + 1, new Uint8Array(10)) };
    replies.remember({ slot: young, body: bodyOf(1), value: 1 }, { ms: START_MS + 1, version: 1 });
    replies.remember(
      { slot: { kind: 'operation', id: operationId(nowMs, new Uint8Array(10)) }, body: bodyOf(1), value: 1 },
      { ms: nowMs, version: 2 },
    );
    expect(() => replies.lookup({ slot, body: bodyOf(1), nowMs, by: 'agent' })).toThrowError(expect.objectContaining({ code: 'operation-too-old' }));
  });
});
