/**
 * Runs turns: message -> handler on a draft -> one record -> the lane. What leaves the node waits at the gate (L6).
 *
 * T1 One turn at a time for an agent; an awaiting turn keeps the agent, queries go on.
 * T2 A turn that fails has changed nothing.
 */
import { type AgentId, agentId, SkepError, tick, type Value } from '@skep/kernel';
import { type AgentRecord, encodeRecord, type RecordEvent, type RecordRest, type SendItem, type TurnRecord } from '@skep/protocol';
import type { Edit, Tree } from '@skep/state';
import type { Activation } from './activation.js';
import { checkOutbox } from './actor-state.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { Call, Message } from './message.js';
import { checkInput, checkState, handlerError, isFailure, isPromise, replyValue } from './method.js';
import { supervise } from './supervision.js';
import { causeOf, Turn, type TurnHost, type TurnMessage } from './turn.js';

/** What running turns sets off elsewhere in the node. */
export interface TurnEffects {
  /** The agent sent something; it may go to agents of this node at once. */
  sent(activation: Activation, items: readonly SendItem[]): void;
  /** A message was taken, and its record acknowledged. */
  taken(delivery: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number }): void;
  timersChanged(activation: Activation): void;
  /** The agent can take its next message. */
  schedule(activation: Activation): void;
  committed(activation: Activation, record: TurnRecord, sinceMs: number | undefined): void;
  failed(activation: Activation, error: SkepError): void;
  ask: TurnHost['ask'];
  methodKind: TurnHost['methodKind'];
}

export class TurnRunner implements TurnHost {
  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly effects: TurnEffects,
  ) {}

  nowMs = (): number => this.options.clock.nowMs();
  seed = (): number => this.options.random.uint32();
  methodKind = (to: AgentId, method: string) => this.effects.methodKind(to, method);
  ask = (turn: Turn, to: AgentId, method: string, input: Value, operation: string) => this.effects.ask(turn, to, method, input, operation);

  /** Starts a turn; a handler that does not await has ended its turn when this returns. */
  start(activation: Activation, message: TurnMessage): void {
    let turn: Turn | undefined;
    try {
      turn = new Turn(this, activation, message, message.kind === 'resumption' ? activation.ready.pending?.steps : undefined);
      const handler = activation.kind.handlers.get(turn.method);
      if (handler === undefined)
        throw new SkepError('unknown-method', { message: `kind ${activation.kind.kind} has no handler ${turn.method}`, id: activation.agent });
      const input = checkInput(activation.kind, turn.method, turn.input);
      const result = this.callHandler(turn, () => handler(turn?.draft.state, input as never, turn as Turn));
      if (isPromise(result)) return this.follow(turn, result);
      this.finish(turn, result);
    } catch (error) {
      this.fail(activation, message, turn, error);
    }
  }

  write(activation: Activation, record: AgentRecord, tree?: Tree): number {
    const body = encodeRecord(record);
    const { recordBytes } = this.options.limits;
    if (body.length > recordBytes) {
      throw new SkepError('payload-too-large', {
        message: `the turn's record has ${body.length} bytes, the limit is ${recordBytes}`,
        id: activation.agent,
        remedy: 'Change less in one turn, or keep large values outside.',
      });
    }
    const ticket = this.options.lane.write(activation.agent, body);
    activation.lastTicket = ticket;
    activation.position += 1;
    activation.tail.push(body);
    activation.tailBytes += body.length;
    activation.ready.apply(record, tree);
    return ticket;
  }

  settled(activation: Activation): Promise<void> {
    this.options.lane.flush();
    return this.gate.passed(activation.lastTicket);
  }

  progress(turn: Turn): void {
    turn.cancelDeadline?.();
    const { turnDeadlineMs } = turn.activation.kind;
    const deadlineMs = turnDeadlineMs ?? this.options.limits.turnDeadlineMs;
    turn.cancelDeadline = this.options.clock.setTimer(deadlineMs, () => {
      const error = new SkepError('turn-timeout', { message: `${turn.method} made no progress for ${deadlineMs} ms`, id: turn.agent });
      this.abandon(turn, error);
    });
  }

  /** Ends a turn from outside and fails its message. */
  abandon(turn: Turn, error: SkepError): void {
    if (turn.over) return;
    turn.abort(error);
    this.fail(turn.activation, turn.message, turn, error);
    this.effects.schedule(turn.activation);
  }

  /** A record without a handler: commands and housekeeping. Returns the ticket to wait for. */
  commitPlain(activation: Activation, message: Message, events: readonly RecordEvent[], rest: RecordRest, tree?: Tree): number {
    const { ready } = activation;
    const clock = tick(ready.clock, this.nowMs());
    const changed = events.some((event) => event.edits.length > 0);
    const record: TurnRecord = {
      kind: 'turn',
      version: ready.version + (changed ? 1 : 0),
      ms: clock.ms,
      counter: clock.counter,
      cause: causeOf(message),
      correlation: message.kind === 'delivery' ? message.correlation : null,
      events,
      rest: this.withTaken(activation, rest),
    };
    const ticket = this.write(activation, record, tree);
    const { agent } = activation;
    if (message.kind === 'delivery')
      this.gate.hold(ticket, { release: () => this.effects.taken({ from: message.from, to: agent, sequence: message.sequence }), abort: () => {} });
    this.effects.committed(activation, record, undefined);
    return ticket;
  }

  private callHandler(turn: Turn, call: () => unknown): unknown {
    const { watch } = this.options;
    if (watch === undefined) return call();
    turn.activation.watchHandle ??= watch.label(turn.agent);
    watch.turnStarted(turn.activation.watchHandle, watch.label(turn.method));
    try {
      return call();
    } finally {
      watch.turnEnded();
    }
  }

  private follow(turn: Turn, result: PromiseLike<unknown>): void {
    const { activation } = turn;
    activation.turn = turn;
    this.progress(turn);
    result.then(
      (value) => {
        if (turn.over) return;
        try {
          turn.journal?.end();
          this.finish(turn, value);
        } catch (error) {
          this.fail(activation, turn.message, turn, error);
        }
        this.effects.schedule(activation);
      },
      (error) => {
        if (turn.over) return;
        this.fail(activation, turn.message, turn, error);
        this.effects.schedule(activation);
      },
    );
  }

  private finish(turn: Turn, result: unknown): void {
    const { activation, message } = turn;
    const { ready } = activation;
    const value = replyValue(result);
    const { tree, changes } = turn.draft.finish();
    if (changes.length > 0) checkState(activation.kind, tree.value());
    if (turn.sends.length > 0) checkOutbox(ready, turn.sends.length);
    const slot = message.kind === 'call' ? message.slot : message.kind === 'resumption' ? message.begun.slot : null;
    const bare = changes.length === 0 && turn.sends.length === 0 && turn.timers.length === 0 && turn.events.length === 0;
    if (bare && slot === null && message.kind === 'call' && turn.journal?.durable !== true) {
      this.endTurn(turn);
      return this.reply(message, value, this.options.lane.barrier(activation.lastTicket), ready.version);
    }
    const record = this.recordOf(turn, changes, value);
    const ticket = this.write(activation, record, changes.length > 0 ? tree : undefined);
    this.endTurn(turn);
    activation.failures = activation.failures.recentMs.length === 0 ? activation.failures : { ...activation.failures, attempts: 0 };
    if (message.kind === 'call') this.reply(message, value, ticket, record.version);
    else if (message.kind === 'delivery') this.gateTaken(activation, message, ticket);
    else if (message.kind === 'resumption' && message.begun.cause.kind === 'message') this.gateTaken(activation, message.begun.cause, ticket);
    if (turn.sends.length > 0) this.effects.sent(activation, turn.sends);
    if (turn.timers.length > 0 || record.cause.kind === 'timer') this.effects.timersChanged(activation);
    this.effects.committed(activation, record, message.kind === 'call' ? message.sinceMs : undefined);
  }

  private recordOf(turn: Turn, changes: readonly Edit[], value: Value): TurnRecord {
    const { activation, message } = turn;
    const { ready } = activation;
    const clock = tick(ready.clock, this.nowMs());
    const edits = changes.map(
      (change): Edit =>
        change.kind === 'delete' ? { kind: 'delete', path: change.path } : { kind: change.kind, path: change.path, new: change.new },
    );
    const slot = message.kind === 'call' ? message.slot : message.kind === 'resumption' ? message.begun.slot : null;
    const body = message.kind === 'call' ? message.body : message.kind === 'resumption' ? message.begun.body : null;
    let rest: RecordRest = {};
    if (turn.sends.length > 0) rest = { ...rest, sends: turn.sends };
    if (turn.timers.length > 0) rest = { ...rest, timers: turn.timers };
    if (slot !== null && body !== null) rest = { ...rest, reply: { slot, body, value } };
    return {
      kind: 'turn',
      version: ready.version + (edits.length > 0 ? 1 : 0),
      ms: clock.ms,
      counter: clock.counter,
      cause: causeOf(message),
      correlation: turn.correlation,
      events: [{ type: turn.method, data: null, edits }, ...turn.events],
      rest: this.withTaken(activation, rest),
    };
  }

  private withTaken(activation: Activation, rest: RecordRest): RecordRest {
    if (activation.taken.size === 0) return rest;
    const taken = [...activation.taken];
    activation.taken.clear();
    return { ...rest, taken };
  }

  private endTurn(turn: Turn): void {
    turn.end();
    if (turn.activation.turn === turn) turn.activation.turn = undefined;
  }

  private reply(call: Call, value: Value, ticket: number, version: number): void {
    const { level } = this.options;
    this.gate.hold(ticket, { release: () => call.caller.resolve({ value, version, level }), abort: (error) => call.caller.reject(error) });
  }

  private gateTaken(activation: Activation, { from, sequence }: { readonly from: AgentId; readonly sequence: number }, ticket: number): void {
    const { agent } = activation;
    this.gate.hold(ticket, { release: () => this.effects.taken({ from, to: agent, sequence }), abort: () => {} });
  }

  /** T2: the draft is dropped. What comes next is the supervisor's decision. */
  private fail(activation: Activation, message: TurnMessage, turn: Turn | undefined, thrown: unknown): void {
    const method = turn?.method ?? ('method' in message ? message.method : '');
    const error = handlerError(thrown, { agent: activation.agent, method });
    const durable = turn?.journal?.durable === true;
    if (turn !== undefined) {
      turn.draft.discard();
      turn.abort(error);
      if (activation.turn === turn) activation.turn = undefined;
    }
    const what = message.kind === 'call' ? 'call' : 'message';
    if (what === 'call' && !isFailure(error)) {
      this.closeJournal(activation, message, durable, method, error);
      return this.answerError(message as Call, error, activation);
    }
    this.effects.failed(activation, error);
    const { failures, directive } = supervise(activation.kind.supervision, activation.failures, what, this.nowMs());
    activation.failures = failures;
    try {
      this.follows(activation, message, directive, { durable, method, error });
    } catch (again) {
      this.effects.failed(activation, handlerError(again, { agent: activation.agent, method }));
    }
    if (message.kind === 'call') this.answerError(message, error, activation);
  }

  /** An error may show what an uncommitted state led to, so it waits for that state, too. */
  private answerError(call: Call, error: SkepError, activation: Activation): void {
    this.gate.hold(activation.lastTicket, { release: () => call.caller.reject(error), abort: (abort) => call.caller.reject(abort) });
  }

  private follows(
    activation: Activation,
    message: TurnMessage,
    directive: ReturnType<typeof supervise>['directive'],
    failure: { readonly durable: boolean; readonly method: string; readonly error: SkepError },
  ): void {
    const { durable, method, error } = failure;
    switch (directive.kind) {
      case 'reply':
        return this.closeJournal(activation, message, durable, method, error);
      case 'retry':
        this.closeJournal(activation, message, durable, method, error);
        activation.paused = true;
        activation.mailbox.unshift(message.kind === 'resumption' ? this.unresumed(activation, message) : message);
        this.options.clock.setTimer(directive.afterMs, () => {
          activation.paused = false;
          this.effects.schedule(activation);
        });
        return;
      case 'set-aside':
        return this.setAside(activation, message, method, error, {});
      case 'stop':
        return this.setAside(activation, message, method, error, { status: 'stopped' });
      case 'quarantine':
        return this.setAside(activation, message, method, error, { status: 'quarantined' });
      case 'escalate':
        return this.setAside(activation, message, method, error, { status: 'quarantined', ...this.escalation(activation, method, error) });
    }
  }

  /** A journalled turn that failed must be ended in the log, or it would be resumed for ever. */
  private closeJournal(activation: Activation, message: TurnMessage, durable: boolean, method: string, error: SkepError): void {
    if (!durable) return;
    // Not caused by the message: its cursor stays, so that it can be tried again.
    this.commitPlain(activation, { kind: 'housekeeping' }, [failureEvent(message, method, error)], {});
  }

  /** A resumed turn that is tried once more starts from its message. */
  private unresumed(activation: Activation, { begun }: Extract<TurnMessage, { kind: 'resumption' }>): Message {
    const { cause, method, input, correlation } = begun;
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

  private setAside(activation: Activation, message: TurnMessage, method: string, error: SkepError, rest: RecordRest): void {
    const cause: Message = message.kind === 'resumption' ? this.unresumed(activation, message) : message;
    const ticket = this.commitPlain(
      activation,
      cause.kind === 'call' ? { kind: 'housekeeping' } : cause,
      [failureEvent(message, method, error)],
      rest,
    );
    if (rest.sends !== undefined) this.effects.sent(activation, rest.sends);
    if (cause.kind === 'timer') this.effects.timersChanged(activation);
    this.gate.hold(ticket, { release: () => {}, abort: () => {} });
  }

  private escalation(activation: Activation, method: string, error: SkepError): RecordRest {
    const { supervisor } = activation.kind.supervision;
    if (supervisor === undefined) return {};
    const to = agentId({ tenant: activation.address.tenant, kind: supervisor.kind, name: supervisor.name });
    const sequence = (activation.ready.sent.get(to) ?? 0) + 1;
    const input = { agent: activation.agent, method, code: error.code, message: error.message };
    return { sends: [{ to, sequence, method: 'agentFailed', input, correlation: null }] };
  }
}

/** The P2 event "error occurred". */
function failureEvent(message: TurnMessage, method: string, error: SkepError): RecordEvent {
  const setAside: { readonly [field: string]: Value } = message.kind === 'delivery' ? { from: message.from, sequence: message.sequence } : {};
  return { type: 'error occurred', data: { method, code: error.code, message: error.message.slice(0, 1000), ...setAside }, edits: [] };
}
