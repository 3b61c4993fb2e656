/**
 * Runs turns: message -> handler on a draft -> one record -> the lane. What leaves the node waits at the gate (L6).
 *
 * T1 One turn at a time for an agent; an awaiting turn keeps the agent, queries go on.
 * T2 A turn that fails has changed nothing.
 * T3 A handler gets its own copy of its input, and a caller of the reply: what they do to it changes nothing that is kept.
 */
import { SkepError, tick, type Value } from '@skep/kernel';
import type { RecordRest, TurnRecord } from '@skep/protocol';
import type { Edit } from '@skep/state';
import type { Activation } from './activation.js';
import { checkOutbox } from './actor-state.js';
import { Aftermath } from './aftermath.js';
import { causeOf } from './cause.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import { checkInput, checkState, copyOf, isPromise, replyValue } from './method.js';
import type { Recorder } from './recorder.js';
import { Turn, type TurnMessage } from './turn.js';
import type { TurnEffects } from './turn-effects.js';
import type { TurnHost } from './turn-host.js';

export class TurnRunner implements TurnHost {
  readonly limits: TurnHost['limits'];
  readonly scope: string;
  private readonly aftermath: Aftermath;

  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly recorder: Recorder,
    private readonly effects: TurnEffects,
  ) {
    this.limits = options.limits;
    this.scope = options.lane.id.slice(0, options.lane.id.lastIndexOf('/'));
    this.aftermath = new Aftermath(options, gate, recorder, effects);
  }

  nowMs = (): number => this.options.clock.nowMs();
  seed = (): number => this.options.random.uint32();
  methodKind: TurnHost['methodKind'] = (to, method) => this.effects.methodKind(to, method);
  ask: TurnHost['ask'] = (turn, to, method, input, operation) => this.effects.ask(turn, to, method, input, operation);
  write: TurnHost['write'] = (activation, record) => {
    this.recorder.write(activation, record);
    this.effects.wrote();
  };

  /** Starts a turn; a handler that does not await has ended its turn when this returns. */
  start(activation: Activation, message: TurnMessage): void {
    let turn: Turn | undefined;
    try {
      const begun = new Turn(this, activation, message, message.kind === 'resumption' ? activation.ready.pending?.steps : undefined);
      turn = begun;
      const { code, method } = begun;
      const handler = code.handlers.get(method);
      if (handler === undefined)
        throw new SkepError('unknown-method', { message: `kind ${code.kind} has no handler ${method}`, id: activation.agent });
      const input = checkInput(code, method, copyOf(begun.input));
      const result = this.callHandler(begun, () => handler(begun.draft.state, input as never, begun));
      if (isPromise(result)) return this.follow(begun, result);
      this.finish(begun, result);
    } catch (error) {
      this.aftermath.failed(activation, message, turn, error);
    }
  }

  settled(activation: Activation): Promise<void> {
    this.options.lane.flush();
    return this.gate.passed(activation.lastTicket);
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.setTimer(ms, resolve));
  }

  progress(turn: Turn): void {
    turn.cancelDeadline?.();
    const deadlineMs = turn.code.turnDeadlineMs ?? this.limits.turnDeadlineMs;
    turn.cancelDeadline = this.options.clock.setTimer(deadlineMs, () => {
      this.abandon(turn, new SkepError('turn-timeout', { message: `${turn.method} made no progress for ${deadlineMs} ms`, id: turn.agent }));
    });
  }

  /** Ends a turn from outside and fails its message. */
  abandon(turn: Turn, error: SkepError): void {
    if (turn.over) return;
    turn.abort(error);
    this.aftermath.failed(turn.activation, turn.message, turn, error);
    this.effects.schedule(turn.activation);
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
    this.effects.awaiting(activation);
    const ended = (end: () => void): void => {
      if (turn.over) return;
      try {
        end();
      } catch (error) {
        this.aftermath.failed(activation, turn.message, turn, error);
      }
      this.effects.schedule(activation);
    };
    result.then(
      (value) => ended(() => this.finish(turn, value)),
      (error) =>
        ended(() => {
          throw error;
        }),
    );
  }

  private finish(turn: Turn, result: unknown): void {
    const { activation, message } = turn;
    const { ready } = activation;
    turn.usedJournal?.end();
    const value = replyValue(result);
    const { tree, changes } = turn.draft.finish();
    if (changes.length > 0) {
      checkState(turn.code, tree.value());
      this.checkSize(activation, tree.byteLength);
    }
    if (turn.sends.length > 0) checkOutbox(activation, turn.sends.length, this.limits.outboxMessages);
    const bare = changes.length === 0 && turn.sends.length === 0 && turn.timers.length === 0 && turn.events.length === 0;
    if (bare && turn.slot === null && message.kind === 'call' && turn.usedJournal?.durable !== true) {
      const ticket = this.options.lane.barrier(activation.lastTicket);
      this.endTurn(turn);
      return this.reply(turn, value, ticket, ready.version);
    }
    const record = this.recordOf(turn, changes, value);
    const ticket = this.recorder.write(activation, record, changes.length > 0 ? tree : undefined);
    this.endTurn(turn);
    if (activation.failures.recentMs.length > 0 || activation.failures.attempts > 0) activation.failures = { ...activation.failures, attempts: 0 };
    this.reply(turn, value, ticket, record.version);
    this.recorder.taken(activation, record.cause, ticket);
    if (turn.sends.length > 0) this.effects.sent(activation, turn.sends);
    if (turn.timers.length > 0 || record.cause.kind === 'timer') this.effects.timersChanged(activation);
    this.effects.committed(activation, record, message.kind === 'call' ? message.sinceMs : undefined);
  }

  private checkSize({ agent }: Activation, bytes: number): void {
    const { stateBytes } = this.limits;
    if (bytes <= stateBytes) return;
    throw new SkepError('payload-too-large', {
      message: `the new state has ${bytes} bytes, the limit is ${stateBytes}`,
      id: agent,
      remedy: 'Keep large or old parts outside, or spread them over several agents.',
    });
  }

  private recordOf(turn: Turn, changes: readonly Edit[], value: Value): TurnRecord {
    const { activation, message, slot, body } = turn;
    const { ready } = activation;
    const clock = tick(ready.clock, this.nowMs());
    const edits = changes.map(
      (change): Edit =>
        change.kind === 'delete' ? { kind: 'delete', path: change.path } : { kind: change.kind, path: change.path, new: change.new },
    );
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
      rest,
    };
  }

  private endTurn(turn: Turn): void {
    turn.end();
    if (turn.activation.turn === turn) turn.activation.turn = undefined;
  }

  private reply({ message, slot }: Turn, kept: Value, ticket: number, version: number): void {
    if (message.kind !== 'call') return;
    const { level } = this.options;
    const value = slot === null ? kept : copyOf(kept);
    this.gate.hold(ticket, { release: () => message.caller.resolve({ value, version, level }), abort: (error) => message.caller.reject(error) });
  }
}
