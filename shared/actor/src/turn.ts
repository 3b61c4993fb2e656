/**
 * One turn: a message handled by a kind's handler on a draft of the state, and everything it wants to happen when it commits.
 */
import { type AgentId, agentId, checkName, hash, LIMITS, normalize, operationId, parseAgentId, SkepError, tick, type Value } from '@skep/kernel';
import type { BegunRecord, RecordEvent, SendItem, StepOutcome, StepRecord, TimerItem } from '@skep/protocol';
import { type Draft, draftOf } from '@skep/state';
import type { Activation } from './activation.js';
import type { Context, StepInfo, Target, TimerOptions } from './context.js';
import { Journal, type JournalHost } from './journal.js';
import type { Call, Delivery, Message, Resumption, TimerShot } from './message.js';

export type TurnMessage = Call | Delivery | TimerShot | Resumption;

/** What a turn needs of the node. */
export interface TurnHost {
  readonly nowMs: () => number;
  readonly seed: () => number;
  write(activation: Activation, record: BegunRecord | StepRecord): void;
  settled(activation: Activation): Promise<void>;
  progress(turn: Turn): void;
  /** Refuses unknown kinds and methods. */
  methodKind(to: AgentId, method: string): 'handler' | 'query';
  ask(turn: Turn, to: AgentId, method: string, input: Value, operation: string): Promise<Value>;
}

const TIMER_EVERY_MS_MIN = 10;

export class Turn implements JournalHost, Context {
  readonly sends: SendItem[] = [];
  readonly timers: TimerItem[] = [];
  readonly events: RecordEvent[] = [];
  readonly draft: Draft;
  readonly startedMs: number;
  readonly method: string;
  readonly input: Value;
  /** Somebody that this turn awaits, for finding cycles. */
  awaits: AgentId | undefined;
  over = false;
  cancelDeadline: (() => void) | undefined;
  private seeded: number | undefined;
  private random32: number | undefined;
  private journalOrNone: Journal | undefined;
  private controller: AbortController | undefined;

  constructor(
    private readonly host: TurnHost,
    readonly activation: Activation,
    readonly message: TurnMessage,
    steps: readonly StepRecord[] | undefined,
  ) {
    const { state } = activation;
    if (state === undefined) throw new SkepError('internal', { message: 'a turn needs a state', id: activation.agent });
    this.draft = draftOf(state.tree);
    if (message.kind === 'resumption') {
      this.startedMs = message.begun.ms;
      this.seeded = message.begun.seed;
      this.method = message.begun.method;
      this.input = message.begun.input;
      this.journalOrNone = new Journal(this, steps ?? []);
    } else {
      this.startedMs = tick(state.clock, host.nowMs()).ms;
      const timer = message.kind === 'timer' ? state.timers.get(message.name) : undefined;
      this.method = message.kind === 'timer' ? (timer?.method ?? '') : message.method;
      this.input = message.kind === 'timer' ? (timer?.input ?? null) : message.input;
    }
  }

  get agent(): AgentId {
    return this.activation.agent;
  }

  get tenant(): string {
    return this.activation.address.tenant;
  }

  get kind(): string {
    return this.activation.address.kind;
  }

  get name(): string {
    return this.activation.address.name;
  }

  get version(): number {
    return this.activation.ready.version;
  }

  get correlation(): string | null {
    const { message } = this;
    if (message.kind === 'resumption') return message.begun.correlation;
    if (message.kind === 'timer') return null;
    return message.correlation ?? (message.kind === 'call' && message.slot?.kind === 'operation' ? message.slot.id : null);
  }

  get chain(): readonly AgentId[] {
    return this.message.kind === 'call' ? this.message.chain : [];
  }

  get journal(): Journal | undefined {
    return this.journalOrNone;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  now(): number {
    return this.startedMs;
  }

  /** mulberry32: small, and the same from the same seed for ever. */
  random(): number {
    this.checkLive();
    let mixed = ((this.random32 ?? this.seedNow()) + 0x6d2b79f5) | 0;
    this.random32 = mixed;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  send(to: Target, method: string, input?: unknown): void {
    this.checkLive();
    const receiver = this.idOf(to);
    if (this.host.methodKind(receiver, method) === 'query') {
      throw new SkepError('unknown-method', { message: `${method} is a query; only a handler takes messages`, id: receiver });
    }
    const sequence = (this.activation.ready.sent.get(receiver) ?? 0) + this.sends.filter((item) => item.to === receiver).length + 1;
    this.sends.push({ to: receiver, sequence, method, input: inputValue(input), correlation: this.correlation });
  }

  ask(to: Target, method: string, input?: unknown): Promise<Value> {
    this.checkLive();
    const receiver = this.idOf(to);
    const effect = this.host.methodKind(receiver, method) === 'query' ? 'query' : 'effect';
    const body = inputValue(input);
    this.journalOrNone ??= new Journal(this, undefined);
    return this.journalOrNone.ask(`ask ${receiver} ${method}`, effect, (operation) => this.host.ask(this, receiver, method, body, operation));
  }

  step<Result>(name: string, run: (info: StepInfo) => Result | Promise<Result>): Promise<Result> {
    this.checkLive();
    checkName('step', name);
    this.journalOrNone ??= new Journal(this, undefined);
    return this.journalOrNone.step(name, run);
  }

  timer(name: string, { afterMs, atMs, everyMs }: TimerOptions, method: string, input?: unknown): void {
    this.checkLive();
    checkName('timer', name);
    const due = atMs ?? this.startedMs + (afterMs ?? everyMs ?? Number.NaN);
    if (!Number.isSafeInteger(Math.round(due))) throw new SkepError('invalid-input', { message: 'a timer needs afterMs, atMs or everyMs', id: name });
    if (everyMs !== undefined && !(everyMs >= TIMER_EVERY_MS_MIN)) {
      throw new SkepError('invalid-input', { message: `a timer repeats at most every ${TIMER_EVERY_MS_MIN} ms`, id: name });
    }
    if (this.host.methodKind(this.agent, method) === 'query')
      throw new SkepError('unknown-method', { message: `${method} is a query`, id: this.agent });
    const { timers } = this.activation.ready;
    if (!timers.has(name) && timers.size + this.timers.length >= LIMITS.timers) {
      throw new SkepError('overloaded', {
        message: `an agent has at most ${LIMITS.timers} timers`,
        id: this.agent,
        remedy: 'Cancel some, or use one timer that repeats.',
      });
    }
    this.timers.push({ name, atMs: Math.round(due), everyMs: Math.round(everyMs ?? 0), method, input: inputValue(input) });
  }

  cancelTimer(name: string): void {
    this.checkLive();
    this.timers.push({ name, atMs: null, everyMs: 0, method: '', input: null });
  }

  emit(type: string, data?: unknown): void {
    this.checkLive();
    checkName('event type', type);
    this.events.push({ type, data: inputValue(data), edits: [] });
  }

  begin(): void {
    const { activation, message } = this;
    const { ready } = activation;
    const clock = tick(ready.clock, this.startedMs);
    this.host.write(activation, {
      kind: 'begun',
      version: ready.version,
      ms: clock.ms,
      counter: clock.counter,
      cause: causeOf(message),
      correlation: this.correlation,
      method: this.method,
      input: this.input,
      seed: this.seedNow(),
      slot: message.kind === 'call' ? message.slot : null,
      body: message.kind === 'call' ? message.body : null,
    });
  }

  record(name: string, occurrence: number, outcome: StepOutcome): StepRecord {
    const { ready } = this.activation;
    const clock = tick(ready.clock, this.host.nowMs());
    const record: StepRecord = {
      kind: 'step',
      version: ready.version,
      ms: clock.ms,
      counter: clock.counter,
      cause: causeOf(this.message),
      correlation: this.correlation,
      name,
      occurrence,
      outcome,
    };
    this.host.write(this.activation, record);
    return record;
  }

  settled(): Promise<void> {
    return this.host.settled(this.activation);
  }

  progress(): void {
    this.host.progress(this);
  }

  /** A UUIDv7 that a resumed turn makes again: from the begun record's time and the step's place. */
  effectId(name: string, occurrence: number): string {
    const bytes = new TextEncoder().encode(`${this.agent} ${this.activation.ready.version} ${this.seedNow()} ${name}#${occurrence}`);
    return operationId(this.startedMs, hash(bytes).slice(0, 10));
  }

  /** Nothing that the handler still does counts any more. */
  end(): void {
    this.over = true;
    this.cancelDeadline?.();
    this.awaits = undefined;
  }

  /** Ends the turn from outside: its steps are told to stop. */
  abort(error: SkepError): void {
    this.end();
    this.controller?.abort(error);
  }

  private checkLive(): void {
    if (this.over) throw new SkepError('turn-cancelled', { message: 'this turn is over; its context can do nothing any more', id: this.agent });
  }

  private seedNow(): number {
    this.seeded ??= this.host.seed();
    this.random32 ??= this.seeded;
    return this.seeded;
  }

  private idOf(target: Target): AgentId {
    if (typeof target === 'string') {
      const { tenant } = parseAgentId(target);
      if (tenant !== this.tenant) throw new SkepError('unknown-agent', { message: 'agents reach only agents of their own tenant', id: target });
      return target;
    }
    const kind = typeof target.kind === 'string' ? target.kind : target.kind.kind;
    return agentId({ tenant: target.tenant ?? this.tenant, kind, name: target.name });
  }
}

export function causeOf(message: Message) {
  switch (message.kind) {
    case 'call':
      return { kind: 'call', operation: message.slot?.kind === 'operation' ? message.slot.id : null } as const;
    case 'delivery':
      return { kind: 'message', from: message.from, sequence: message.sequence } as const;
    case 'timer':
      return { kind: 'timer', name: message.name } as const;
    case 'resumption':
      return message.begun.cause;
    case 'command':
    case 'mark':
    case 'housekeeping':
      return { kind: 'control', operation: null } as const;
  }
}

function inputValue(input: unknown): Value {
  return input === undefined ? null : normalize(input);
}
