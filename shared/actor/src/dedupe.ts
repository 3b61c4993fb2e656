/**
 * Exactly once (G4): replies are remembered in the agent's committed state, by operation id within a window of time, or by session
 * and number within a window of numbers. A call that was answered gets the same answer; the same id with another body is refused; what
 * is too old to be known is refused, never run twice.
 *
 * D1 `remember` depends on records alone, so that every replay agrees.
 * D2 What was forgotten lies at or below a floor that is kept for ever; nothing at or below a floor runs.
 */
import { LIMITS, parseOperationId, SkepError, type Value } from '@skep/kernel';
import type { RememberedReply, ReplySlot } from '@skep/protocol';
import { RememberedOperations } from './remembered-operations.js';

export interface Answered {
  readonly body: Uint8Array;
  readonly value: Value;
  /** Version of the agent after the call. */
  readonly version: number;
}

interface Session {
  /** Replies up to this number were acknowledged by the client and are forgotten. */
  floor: number;
  usedMs: number;
  readonly replies: Map<number, Answered>;
}

export interface Asked {
  readonly slot: ReplySlot;
  readonly body: Uint8Array;
  readonly nowMs: number;
  /** Agents of this universe draw their ids by their own clock and may ask again after a long rest; others are held to the window. */
  readonly by: 'client' | 'agent';
}

export type Lookup = { readonly kind: 'new' } | { readonly kind: 'known'; readonly answer: Answered };

type SessionSlot = Extract<ReplySlot, { kind: 'session' }>;

export class Replies {
  private operations = new RememberedOperations();
  private readonly sessions = new Map<string, Session>();
  /** Sessions that began up to this time may have been forgotten. */
  private sessionFloorMs = 0;

  /** @throws SkepError `operation-too-old`, `operation-conflict`, `invalid-id`, `overloaded` */
  lookup({ slot, body, nowMs, by }: Asked): Lookup {
    const id = slot.kind === 'operation' ? slot.id : `${slot.id}:${slot.number}`;
    const known = slot.kind === 'operation' ? this.operations.get(slot.id) : this.sessions.get(slot.id)?.replies.get(slot.number);
    if (known !== undefined) return { kind: 'known', answer: same(known, body, id) };
    if (slot.kind === 'operation') this.checkOperation(slot.id, nowMs, by);
    else this.checkSession(slot, nowMs);
    return { kind: 'new' };
  }

  /** Part of applying a record. */
  remember({ slot, body, value }: RememberedReply, record: { readonly ms: number; readonly version: number }): void {
    const answer = { body, value, version: record.version };
    if (slot.kind === 'operation') return this.operations.add(slot.id, answer, record.ms);
    const session = this.sessions.get(slot.id) ?? { floor: 0, usedMs: record.ms, replies: new Map<number, Answered>() };
    session.usedMs = record.ms;
    session.replies.set(slot.number, answer);
    for (const number of session.replies.keys()) if (number <= slot.acknowledged) session.replies.delete(number);
    session.floor = Math.max(session.floor, slot.acknowledged);
    this.sessions.delete(slot.id);
    this.sessions.set(slot.id, session);
    if (this.sessions.size > LIMITS.sessionsPerAgent) this.forgetOldestSession();
  }

  toValue(): Value {
    return {
      ...this.operations.toValue(),
      sessionFloorMs: this.sessionFloorMs,
      sessions: [...this.sessions].map(([id, { floor, usedMs, replies }]) => [
        id,
        floor,
        usedMs,
        [...replies].map(([number, { body, value, version }]) => [number, body, value, version]),
      ]),
    };
  }

  static fromValue(value: Value): Replies {
    const fields = value as {
      sessionFloorMs: number;
      sessions: [string, number, number, [number, Uint8Array, Value, number][]][];
    };
    const replies = new Replies();
    replies.operations = RememberedOperations.fromValue(value);
    replies.sessionFloorMs = fields.sessionFloorMs;
    for (const [id, floor, usedMs, answers] of fields.sessions) {
      const known = new Map(answers.map(([number, body, answer, version]) => [number, { body, value: answer, version }]));
      replies.sessions.set(id, { floor, usedMs, replies: known });
    }
    return replies;
  }

  private checkOperation(id: string, nowMs: number, by: Asked['by']): void {
    const { timeMs } = parseOperationId(id);
    if (this.operations.mayHaveForgotten(id) || (by === 'client' && timeMs < nowMs - LIMITS.operationWindowMs)) {
      throw new SkepError('operation-too-old', {
        message: `the operation was made ${Math.round((nowMs - timeMs) / 1000)} s ago; this agent no longer knows whether it ran`,
        id,
      });
    }
    if (by === 'client' && timeMs > nowMs + LIMITS.clockDriftMs) {
      throw new SkepError('invalid-id', { message: 'the operation id carries a time in the future', id, remedy: 'Set the clock of the client.' });
    }
  }

  private checkSession(slot: SessionSlot, nowMs: number): void {
    const id = `${slot.id}:${slot.number}`;
    if (!Number.isSafeInteger(slot.number) || slot.number < 1 || !Number.isSafeInteger(slot.acknowledged) || slot.acknowledged < 0) {
      throw new SkepError('invalid-input', { message: 'calls of a session are numbered from 1', id });
    }
    const session = this.sessions.get(slot.id);
    if (session === undefined) this.checkNewSession(slot, nowMs);
    // What this very call acknowledges counts: the window is that of the client, not of what the agent heard last.
    const floor = Math.max(session?.floor ?? 0, slot.acknowledged);
    if (slot.number <= floor) throw new SkepError('operation-too-old', { message: 'the session acknowledged this call before', id });
    if (slot.number > floor + LIMITS.sessionWindow) {
      throw new SkepError('overloaded', { message: `the session has more than ${LIMITS.sessionWindow} calls that it did not acknowledge`, id });
    }
  }

  /** A session that may have been forgotten must not run anything again. */
  private checkNewSession(slot: SessionSlot, nowMs: number): void {
    if (slot.acknowledged > 0 || (this.sessionFloorMs > 0 && beganMs(slot.id) <= this.sessionFloorMs)) {
      const remedy = 'Read the state to learn whether the call took effect; then open a new session, named by a fresh UUIDv7.';
      throw new SkepError('operation-too-old', { message: 'this agent may have forgotten the session', id: slot.id, remedy });
    }
    const oldest = this.sessions.values().next().value;
    if (oldest !== undefined && this.sessions.size >= LIMITS.sessionsPerAgent && oldest.usedMs > nowMs - LIMITS.operationWindowMs) {
      throw new SkepError('overloaded', { message: `this agent knows ${LIMITS.sessionsPerAgent} sessions that were used lately`, id: slot.id });
    }
  }

  private forgetOldestSession(): void {
    const oldest = this.sessions.entries().next().value;
    if (oldest === undefined) return;
    const [id, { usedMs }] = oldest;
    this.sessions.delete(id);
    this.sessionFloorMs = Math.max(this.sessionFloorMs, usedMs, beganMs(id));
  }
}

/** When a session began, as its id says it; 0 for an id without a time. */
function beganMs(id: string): number {
  try {
    return parseOperationId(id).timeMs;
  } catch {
    return 0;
  }
}

function same(known: Answered, body: Uint8Array, id: string): Answered {
  if (known.body.some((byte, index) => byte !== body[index])) {
    throw new SkepError('operation-conflict', { message: 'the operation ran before with another method or input', id });
  }
  return known;
}
