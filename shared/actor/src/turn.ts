/**
 * One turn: a message handled by a kind's handler on a draft of the state, and everything it wants to happen when it commits.
 */
import { type AgentId, agentId, checkName, normalize, parseAgentId, SkepError, tick, type Value } from '@skep/kernel';
import type { RecordEvent, ReplySlot, SendItem, StepOutcome, StepRecord, TimerItem } from '@skep/protocol';
import { type Draft, draftOf } from '@skep/state';
import type { Activation } from './activation.js';
import { causeOf } from './cause.js';
import type { Context, StepInfo, Target, TimerOptions } from './context.js';
import { askOperation, stepId, type TurnIdentity } from './effect-id.js';
import { Journal, type JournalHost } from './journal.js';
import type { AnyKind } from './kind.js';
import type { Call, Delivery, Resumption, TimerShot } from './message.js';
import { checkPayload } from './payload.js';
import { SeededChance } from './seeded-chance.js';
import type { BranchHandler, Superposed, SuperposeOptions } from './superpose/branch-context.js';
import { checkStepName, type SuperposeHost, Superposing } from './superpose/superposing.js';
import type { TurnHost } from './turn-host.js';

export type TurnMessage = Call | Delivery | TimerShot | Resumption;

const TIMER_EVERY_MS_MIN = 10;

export class Turn implements JournalHost, SuperposeHost, Context {
  readonly sends: SendItem[] = [];
  readonly timers: TimerItem[] = [];
  readonly events: RecordEvent[] = [];
  readonly draft: Draft;
  /** The code that the turn began with; it ends on it. */
  readonly code: AnyKind;
  readonly startedMs: number;
  readonly method: string;
  readonly input: Value;
  readonly slot: ReplySlot | null;
  readonly body: Uint8Array | null;
  readonly stepsMax: number;
  /** Whom this turn awaits, for finding cycles; one agent as often as it is asked. */
  awaits: AgentId[] = [];
  over = false;
  cancelDeadline: (() => void) | undefined;
  private readonly chance: SeededChance;
  private sentTo: Map<AgentId, number> | undefined;
  private journalOrNone: Journal | undefined;
  private superposing: Superposing | undefined;
  private controller: AbortController | undefined;
  private endedBy: SkepError | undefined;

  constructor(
    private readonly host: TurnHost,
    readonly activation: Activation,
    readonly message: TurnMessage,
    steps: readonly StepRecord[] | undefined,
  ) {
    const { state } = activation;
    if (state === undefined) throw new SkepError('internal', { message: 'a turn needs a state', id: activation.agent });
    this.draft = draftOf(state.tree);
    this.code = activation.kind;
    this.stepsMax = host.limits.stepsPerTurn;
    const asked = message.kind === 'resumption' ? message.begun : message;
    const timer = message.kind === 'timer' ? state.timers.get(message.name) : undefined;
    this.method = 'method' in asked ? asked.method : (timer?.method ?? '');
    this.input = 'input' in asked ? asked.input : (timer?.input ?? null);
    this.slot = 'slot' in asked ? asked.slot : null;
    this.body = 'body' in asked ? asked.body : null;
    this.startedMs = message.kind === 'resumption' ? message.begun.ms : tick(state.clock, host.nowMs()).ms;
    this.chance = new SeededChance(message.kind === 'resumption' ? () => message.begun.seed : host.seed);
    if (message.kind === 'resumption') this.journalOrNone = new Journal(this, steps ?? []);
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
    return message.correlation ?? (this.slot?.kind === 'operation' ? this.slot.id : null);
  }

  get chain(): readonly AgentId[] {
    return this.message.kind === 'call' ? this.message.chain : [];
  }

  get journal(): Journal {
    this.journalOrNone ??= new Journal(this, undefined);
    return this.journalOrNone;
  }

  /** Undefined while it never was needed. */
  get usedJournal(): Journal | undefined {
    return this.journalOrNone;
  }

  get limits(): TurnHost['limits'] {
    return this.host.limits;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.over && !this.controller.signal.aborted) this.controller.abort(this.endedBy);
    return this.controller.signal;
  }

  now(): number {
    return this.startedMs;
  }

  random(): number {
    this.checkFree();
    return this.chance.next();
  }

  send(to: Target, method: string, input?: unknown): void {
    this.checkFree();
    const receiver = this.idOf(to);
    if (this.host.methodKind(receiver, method) === 'query') {
      throw new SkepError('unknown-method', { message: `${method} is a query; only a handler takes messages`, id: receiver });
    }
    const value = this.payload(input, `the message ${method}`);
    this.sentTo ??= new Map();
    const sequence = (this.sentTo.get(receiver) ?? this.activation.ready.sent.get(receiver) ?? 0) + 1;
    this.sentTo.set(receiver, sequence);
    this.sends.push({ to: receiver, sequence, method, input: value, correlation: this.correlation });
  }

  ask(to: Target, method: string, input?: unknown): Promise<Value> {
    return quiet(async () => {
      this.checkFree();
      const receiver = this.idOf(to);
      const effect = this.host.methodKind(receiver, method) === 'query' ? 'query' : 'effect';
      const body = this.payload(input, `the question ${method}`);
      return this.journal.ask(`ask ${receiver} ${method}`, effect, (operation) => this.host.ask(this, receiver, method, body, operation));
    });
  }

  step<Result>(name: string, run: (info: StepInfo) => Result | Promise<Result>): Promise<Result> {
    return quiet(async () => {
      this.checkFree();
      checkName('step', name);
      checkStepName(name);
      return this.journal.step(name, run);
    });
  }

  superpose<Result>(count: number, handler: BranchHandler<unknown, Result>, options?: SuperposeOptions): Promise<Superposed<Result>> {
    return quiet(async () => {
      this.checkLive();
      this.superposing ??= new Superposing(this, { draft: this.draft, scope: '', seed: () => this.chance.seed, depth: 0 });
      return this.superposing.run(count, handler, options);
    });
  }

  timer(name: string, { afterMs, atMs, everyMs }: TimerOptions, method: string, input?: unknown): void {
    this.checkFree();
    checkName('timer', name);
    const due = atMs ?? this.startedMs + (afterMs ?? everyMs ?? Number.NaN);
    if (!Number.isSafeInteger(Math.round(due))) throw new SkepError('invalid-input', { message: 'a timer needs afterMs, atMs or everyMs', id: name });
    if (everyMs !== undefined && !(everyMs >= TIMER_EVERY_MS_MIN && Number.isSafeInteger(Math.round(everyMs)))) {
      throw new SkepError('invalid-input', { message: `a timer repeats at most every ${TIMER_EVERY_MS_MIN} ms`, id: name });
    }
    if (this.host.methodKind(this.agent, method) === 'query')
      throw new SkepError('unknown-method', { message: `${method} is a query`, id: this.agent });
    const { timers } = this.activation.ready;
    if (!timers.has(name) && timers.size + this.timers.length >= this.host.limits.timers) {
      throw new SkepError('overloaded', {
        message: `an agent has at most ${this.host.limits.timers} timers`,
        id: this.agent,
        remedy: 'Cancel some, or use one timer that repeats.',
      });
    }
    const value = this.payload(input, `the input of timer ${name}`);
    this.timers.push({ name, atMs: Math.round(due), everyMs: Math.round(everyMs ?? 0), method, input: value });
  }

  cancelTimer(name: string): void {
    this.checkFree();
    checkName('timer', name);
    this.timers.push({ name, atMs: null, everyMs: 0, method: '', input: null });
  }

  emit(type: string, data?: unknown): void {
    this.checkFree();
    checkName('event type', type);
    this.events.push({ type, data: this.payload(data, `the event ${type}`), edits: [] });
  }

  // What the journal asks of the turn.

  nowMs(): number {
    return this.host.nowMs();
  }

  begin(): void {
    const { activation } = this;
    const { ready } = activation;
    const clock = tick(ready.clock, this.startedMs);
    this.host.write(activation, {
      kind: 'begun',
      version: ready.version,
      ms: clock.ms,
      counter: clock.counter,
      cause: causeOf(this.message),
      correlation: this.correlation,
      method: this.method,
      input: this.input,
      seed: this.chance.seed,
      slot: this.slot,
      body: this.body,
    });
  }

  record(name: string, occurrence: number, outcome: StepOutcome): void {
    this.checkLive();
    const { ready } = this.activation;
    const clock = tick(ready.clock, this.host.nowMs());
    this.host.write(this.activation, {
      kind: 'step',
      version: ready.version,
      ms: clock.ms,
      counter: clock.counter,
      cause: causeOf(this.message),
      correlation: this.correlation,
      name,
      occurrence,
      outcome,
    });
  }

  settled(): Promise<void> {
    return this.host.settled(this.activation);
  }

  progress(): void {
    this.host.progress(this);
  }

  pause(ms: number): Promise<void> {
    return this.host.pause(ms);
  }

  effectId(name: string, occurrence: number): string {
    return stepId(this.identity(), name, occurrence);
  }

  askId(name: string, occurrence: number, atMs: number): string {
    return askOperation(this.identity(), name, occurrence, atMs);
  }

  /** @throws SkepError `turn-cancelled` */
  checkLive(): void {
    if (!this.over) return;
    const why = this.endedBy === undefined ? '' : ` (${this.endedBy.message})`;
    const message = `this turn is over${why}; its context can do nothing any more`;
    throw new SkepError('turn-cancelled', { message, id: this.agent, cause: this.endedBy });
  }

  /** @throws SkepError `turn-cancelled`, `invalid-input` while branches run (B3) */
  private checkFree(): void {
    this.checkLive();
    if (this.superposing?.busy !== true) return;
    throw new SkepError('invalid-input', {
      message: 'branches of this turn are running; only they may act now',
      id: this.agent,
      remedy: 'Use branch.step and branch.random inside of superpose; send, ask and emit after it.',
    });
  }

  /** Nothing that the handler still does counts any more. */
  end(): void {
    this.over = true;
    this.cancelDeadline?.();
    this.awaits = [];
    // Steps that nobody awaited.
    if (this.journalOrNone?.idle === false) {
      this.controller?.abort(new SkepError('turn-cancelled', { message: 'the turn of this step is over', id: this.agent }));
    }
  }

  /** Ends the turn from outside: its steps are told to stop. */
  abort(error: SkepError): void {
    if (this.over) return;
    this.endedBy = error;
    this.over = true;
    this.cancelDeadline?.();
    this.awaits = [];
    this.controller?.abort(error);
  }

  private identity(): TurnIdentity {
    const { message, activation } = this;
    const cause = causeOf(message);
    return {
      scope: this.host.scope,
      agent: this.agent,
      version: this.version,
      cause,
      slot: this.slot,
      seed: this.chance.seed,
      timerMs: cause.kind === 'timer' ? activation.ready.timers.get(cause.name)?.atMs : undefined,
    };
  }

  private payload(input: unknown, what: string): Value {
    if (input === undefined) return null;
    const value = normalize(input);
    checkPayload(value, { bytesMax: this.host.limits.payloadBytes, what, id: this.agent });
    return value;
  }

  private idOf(target: Target): AgentId {
    const tenant = typeof target === 'string' ? parseAgentId(target).tenant : (target.tenant ?? this.tenant);
    if (tenant !== this.tenant) {
      const id = typeof target === 'string' ? target : target.name;
      throw new SkepError('unknown-agent', { message: 'agents reach only agents of their own tenant', id });
    }
    if (typeof target === 'string') return target;
    const kind = typeof target.kind === 'string' ? target.kind : target.kind.kind;
    return agentId({ tenant, kind, name: target.name });
  }
}

/** A promise whose rejection harms nobody who does not look at it: a handler that ends without awaiting it must not end the process. */
function quiet<Result>(run: () => Promise<Result>): Promise<Result> {
  const result = run();
  result.catch(() => {});
  return result;
}
