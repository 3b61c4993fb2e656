/**
 * What follows a turn that failed or was refused: its draft is dropped, its journal ended, its caller told, and the supervisor decides
 * what becomes of its message.
 */
import { agentId, type SkepError, type Value } from '@skep/kernel';
import type { RecordEvent, RecordRest } from '@skep/protocol';
import type { Activation } from './activation.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { Call, Message } from './message.js';
import { handlerError, isFailure } from './method.js';
import type { Recorder } from './recorder.js';
import { type Directive, supervise, superviseRefusal } from './supervision.js';
import type { Turn, TurnMessage } from './turn.js';
import type { TurnEffects } from './turn-effects.js';

const MESSAGE_LENGTH_MAX = 1_000;

interface Failed {
  readonly message: TurnMessage;
  /** The turn was journalled: the log says that it began. */
  readonly durable: boolean;
  readonly method: string;
  readonly error: SkepError;
}

export class Aftermath {
  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly recorder: Recorder,
    private readonly effects: TurnEffects,
  ) {}

  failed(activation: Activation, message: TurnMessage, turn: Turn | undefined, thrown: unknown): void {
    const method = turn?.method ?? ('method' in message ? message.method : '');
    const error = handlerError(thrown, { agent: activation.agent, method });
    const durable = message.kind === 'resumption' || turn?.usedJournal?.durable === true;
    if (turn !== undefined) {
      turn.draft.discard();
      turn.abort(error);
      if (activation.turn === turn) activation.turn = undefined;
    }
    const failed: Failed = { message, durable, method, error };
    try {
      this.follows(activation, failed, this.decide(activation, failed));
    } catch (again) {
      this.effects.failed(activation, handlerError(again, { agent: activation.agent, method }));
    }
    if (message.kind === 'call') this.answer(message, error, activation);
  }

  private decide(activation: Activation, { message, error }: Failed): Directive {
    const { supervision } = activation.kind;
    const called = message.kind === 'call' || (message.kind === 'resumption' && message.begun.cause.kind === 'call');
    if (!isFailure(error)) {
      if (called) return { kind: 'reply' };
      const { failures, directive } = superviseRefusal(supervision, activation.failures, error);
      activation.failures = failures;
      return directive;
    }
    this.effects.failed(activation, error);
    const { failures, directive } = supervise(supervision, activation.failures, called ? 'call' : 'message', this.options.clock.nowMs());
    activation.failures = failures;
    // Tried again from its start, a turn that diverged would run its recorded steps once more (G12).
    return directive.kind === 'retry' && error.code === 'turn-diverged' ? { kind: 'set-aside' } : directive;
  }

  /** An error may show what an uncommitted state led to, so it waits for that state, too. */
  private answer(call: Call, error: SkepError, activation: Activation): void {
    this.gate.hold(activation.lastTicket, { release: () => call.caller.reject(error), abort: (abort) => call.caller.reject(abort) });
  }

  private follows(activation: Activation, failed: Failed, directive: Directive): void {
    switch (directive.kind) {
      case 'reply':
        return this.closeJournal(activation, failed);
      case 'retry':
        this.closeJournal(activation, failed);
        return this.pause(activation, failed, directive.afterMs);
      case 'set-aside':
        return this.setAside(activation, failed, {});
      case 'stop':
        return this.setAside(activation, failed, { status: 'stopped' });
      case 'quarantine':
        return this.setAside(activation, failed, { status: 'quarantined' });
      case 'escalate':
        return this.setAside(activation, failed, { status: 'quarantined', ...this.escalation(activation, failed) });
    }
  }

  private pause(activation: Activation, { message }: Failed, afterMs: number): void {
    activation.mailbox.unshift(originOf(activation, message));
    activation.endPause();
    activation.cancelPause = this.options.clock.setTimer(afterMs, () => {
      activation.cancelPause = undefined;
      this.effects.schedule(activation);
    });
    this.effects.awaiting(activation);
  }

  /** A journalled turn that failed must be ended in the log, or it would be resumed for ever. */
  private closeJournal(activation: Activation, failed: Failed): void {
    if (!failed.durable) return;
    // Not caused by the message: its cursor stays, so that it can be tried again.
    this.recorder.plain(activation, { kind: 'housekeeping' }, [failureEvent(failed)], {});
  }

  /** The message counts as taken; that it failed is in the log. */
  private setAside(activation: Activation, failed: Failed, rest: RecordRest): void {
    const origin = originOf(activation, failed.message);
    this.recorder.plain(activation, origin.kind === 'call' ? { kind: 'housekeeping' } : origin, [failureEvent(failed)], rest);
    if (rest.sends !== undefined) this.effects.sent(activation, rest.sends);
    if (rest.status !== undefined) this.effects.statusChanged(activation);
    else if (origin.kind === 'timer') this.effects.timersChanged(activation);
  }

  private escalation(activation: Activation, { method, error }: Failed): RecordRest {
    const { supervisor } = activation.kind.supervision;
    if (supervisor === undefined) return {};
    const to = agentId({ tenant: activation.address.tenant, kind: supervisor.kind, name: supervisor.name });
    const sequence = (activation.ready.sent.get(to) ?? 0) + 1;
    const input = { agent: activation.agent, method, code: error.code, message: error.message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed() };
    return { sends: [{ to, sequence, method: 'agentFailed', input, correlation: null }] };
  }
}

/** What a turn began with; of a resumed one the message that it was resumed from. */
function originOf(activation: Activation, message: TurnMessage): Message {
  if (message.kind !== 'resumption') return message;
  const { cause, method, input, correlation } = message.begun;
  switch (cause.kind) {
    case 'message':
      return { kind: 'delivery', from: cause.from, sequence: cause.sequence, method, input, correlation };
    case 'timer':
      return { kind: 'timer', name: cause.name, atMs: activation.ready.timers.get(cause.name)?.atMs ?? 0 };
    case 'call':
    case 'control':
      return { kind: 'housekeeping' };
  }
}

/** The P2 event "error occurred". */
function failureEvent({ message, method, error }: Failed): RecordEvent {
  const setAside: { readonly [field: string]: Value } = message.kind === 'delivery' ? { from: message.from, sequence: message.sequence } : {};
  return {
    type: 'error occurred',
    data: { method, code: error.code, message: error.message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed(), ...setAside },
    edits: [],
  };
}
