/**
 * Exactly once (G4): replies are remembered in the agent's committed state, by operation id within a window of time, or by session
 * and number within a window of numbers. A call that was answered gets the same answer; the same id with another body is refused; what
 * is too old to be known is refused, never run twice.
 */
import { LIMITS, parseOperationId, SkepError, type Value } from '@skep/kernel';
import type { RememberedReply, ReplySlot } from '@skep/protocol';

interface Remembered {
  readonly body: Uint8Array;
  readonly value: Value;
}

interface Session {
  /** Replies up to this number were acknowledged by the client and are forgotten. */
  floor: number;
  usedMs: number;
  readonly replies: Map<number, Remembered>;
}

export type Lookup = { readonly kind: 'new' } | { readonly kind: 'known'; readonly value: Value };

export class Replies {
  private readonly operations = new Map<string, Remembered>();
  /** Operations of this time or older are forgotten. */
  private floorMs = 0;
  private readonly sessions = new Map<string, Session>();

  /** @throws SkepError `operation-too-old`, `operation-conflict`, `invalid-id`, `overloaded` */
  lookup(slot: ReplySlot, body: Uint8Array, nowMs: number): Lookup {
    return slot.kind === 'operation' ? this.lookupOperation(slot.id, body, nowMs) : this.lookupSession(slot, body, nowMs);
  }

  /** Part of applying a record: depends on the record alone, so that every replay agrees. */
  remember({ slot, body, value }: RememberedReply, recordMs: number): void {
    if (slot.kind === 'operation') {
      this.operations.set(slot.id, { body, value });
      this.forgetOperations(recordMs);
      return;
    }
    const session = this.sessions.get(slot.id) ?? { floor: 0, usedMs: recordMs, replies: new Map<number, Remembered>() };
    session.usedMs = recordMs;
    session.replies.set(slot.number, { body, value });
    for (const number of session.replies.keys()) if (number <= slot.acknowledged) session.replies.delete(number);
    session.floor = Math.max(session.floor, slot.acknowledged);
    this.sessions.delete(slot.id);
    this.sessions.set(slot.id, session);
    if (this.sessions.size > LIMITS.sessionsPerAgent) this.sessions.delete(this.sessions.keys().next().value as string);
  }

  toValue(): Value {
    return {
      floorMs: this.floorMs,
      operations: [...this.operations].map(([id, { body, value }]) => [id, body, value]),
      sessions: [...this.sessions].map(([id, { floor, usedMs, replies }]) => [
        id,
        floor,
        usedMs,
        [...replies].map(([number, { body, value }]) => [number, body, value]),
      ]),
    };
  }

  static fromValue(value: Value): Replies {
    const fields = value as {
      floorMs: number;
      operations: [string, Uint8Array, Value][];
      sessions: [string, number, number, [number, Uint8Array, Value][]][];
    };
    const replies = new Replies();
    replies.floorMs = fields.floorMs;
    for (const [id, body, answer] of fields.operations) replies.operations.set(id, { body, value: answer });
    for (const [id, floor, usedMs, answers] of fields.sessions) {
      replies.sessions.set(id, { floor, usedMs, replies: new Map(answers.map(([number, body, answer]) => [number, { body, value: answer }])) });
    }
    return replies;
  }

  private lookupOperation(id: string, body: Uint8Array, nowMs: number): Lookup {
    const known = this.operations.get(id);
    if (known !== undefined) return same(known, body, id);
    const { timeMs } = parseOperationId(id);
    if (timeMs < nowMs - LIMITS.operationWindowMs || timeMs <= this.floorMs) {
      throw new SkepError('operation-too-old', {
        message: `the operation was made ${Math.round((nowMs - timeMs) / 1000)} s ago; this agent no longer knows whether it ran`,
        id,
      });
    }
    if (timeMs > nowMs + LIMITS.clockDriftMs) {
      throw new SkepError('invalid-id', { message: 'the operation id carries a time in the future', id, remedy: 'Set the clock of the client.' });
    }
    return { kind: 'new' };
  }

  private lookupSession(slot: Extract<ReplySlot, { kind: 'session' }>, body: Uint8Array, nowMs: number): Lookup {
    const id = `${slot.id}:${slot.number}`;
    const session = this.sessions.get(slot.id);
    const known = session?.replies.get(slot.number);
    if (known !== undefined) return same(known, body, id);
    if (session === undefined) this.checkNewSession(slot, nowMs);
    const floor = session?.floor ?? 0;
    if (slot.number <= floor) throw new SkepError('operation-too-old', { message: 'the session acknowledged this call before', id });
    if (slot.number > floor + LIMITS.sessionWindow) {
      throw new SkepError('overloaded', { message: `the session has more than ${LIMITS.sessionWindow} calls that it did not acknowledge`, id });
    }
    return { kind: 'new' };
  }

  /** A session that acknowledged calls before, but is not known, was forgotten: it must not run anything again. */
  private checkNewSession(slot: Extract<ReplySlot, { kind: 'session' }>, nowMs: number): void {
    if (slot.acknowledged > 0) throw new SkepError('operation-too-old', { message: 'this agent has forgotten the session', id: slot.id });
    const oldest = this.sessions.values().next().value;
    if (oldest !== undefined && this.sessions.size >= LIMITS.sessionsPerAgent && oldest.usedMs > nowMs - LIMITS.operationWindowMs) {
      throw new SkepError('overloaded', { message: `this agent knows ${LIMITS.sessionsPerAgent} sessions that were used lately`, id: slot.id });
    }
  }

  /** Ids are in order of time but for clock differences: the first inserted go first, and the floor keeps them from running again. */
  private forgetOperations(recordMs: number): void {
    const oldest = recordMs - LIMITS.operationWindowMs;
    for (const id of this.operations.keys()) {
      const { timeMs } = parseOperationId(id);
      if (timeMs >= oldest && this.operations.size <= LIMITS.operationsPerAgent) break;
      this.operations.delete(id);
      this.floorMs = Math.max(this.floorMs, timeMs);
    }
  }
}

function same(known: Remembered, body: Uint8Array, id: string): Lookup {
  if (known.body.some((byte, index) => byte !== body[index])) {
    throw new SkepError('operation-conflict', { message: 'the operation ran before with another method or input', id });
  }
  return { kind: 'known', value: known.value };
}
