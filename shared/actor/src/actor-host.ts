/**
 * The actors of one node. Owns the activations, their mailboxes and the order in which turns run; the lane decides what is committed.
 *
 * H1 Every message is answered once: with its reply, or with an error that says whether it took effect.
 * H2 Turns of one pump ride the same batch; between pumps the node reads what the world answered.
 */
import { type AgentId, encode, hash, parseAgentId, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { Ticket } from '@skep/lane';
import type { NotTaken, ReplySlot, SendItem, TurnRecord } from '@skep/protocol';
import type { SuperpositionCommand } from '@skep/state';
import { RetainedVersions } from '@skep/state';
import type { Activation } from './activation.js';
import type { AddressKeys } from './address-keys.js';
import { Asker } from './asker.js';
import { Gate } from './gate.js';
import { Historian } from './historian.js';
import type { CommitListener, CommittedTurn, HostOptions } from './host-options.js';
import { Intake } from './intake.js';
import { Keeper } from './keeper.js';
import type { AnyKind } from './kind.js';
import type { Call, Caller, Command, TimerShot, TurnReply } from './message.js';
import { Messenger } from './messenger.js';
import { Meter } from './meter.js';
import { checkPayload } from './payload.js';
import { Pump } from './pump.js';
import { answerQuery } from './query.js';
import { type Look, Reader } from './reader.js';
import { Recorder } from './recorder.js';
import { Roster, type RosterListener } from './roster.js';
import { strongRead } from './strong-read.js';
import { superpositionOrder } from './superpose/superposition-plan.js';
import type { TurnEffects } from './turn-effects.js';
import { TurnRunner } from './turn-runner.js';
import { Waker } from './waker.js';

export interface HostCall {
  readonly slot?: ReplySlot;
  readonly expectedVersion?: number;
  readonly chain?: readonly AgentId[];
  readonly correlation?: string | null;
}

/** An agent that comes back names the lanes of others in its trail: it moves to its new place at the next sweep, or the trail grows with every start. */
const BEFORE_EVERYTHING = -Number.MAX_SAFE_INTEGER;

export class ActorHost {
  readonly historian: Historian;
  readonly meter: Meter;
  readonly roster: Roster;
  readonly addressKeys: AddressKeys;
  /** The versions of all agents in memory. */
  readonly retained: RetainedVersions;
  private readonly gate = new Gate();
  private readonly reader: Reader;
  private readonly recorder: Recorder;
  private readonly runner: TurnRunner;
  private readonly messenger: Messenger;
  private readonly keeper: Keeper;
  private readonly pump: Pump;
  private readonly waker: Waker;
  private readonly intake: Intake;
  private readonly asker: Asker;
  private flushing = false;
  private readonly listeners: Set<CommitListener>;

  constructor(private readonly options: HostOptions) {
    const { clock, lane, blob, addressKeys } = options;
    this.addressKeys = addressKeys;
    this.meter = options.meter ?? new Meter(clock);
    this.listeners = options.listeners ?? new Set();
    this.pump = new Pump(
      clock,
      (activation) => this.intake.step(activation),
      () => lane.flush(),
    );
    const { memoryBytes, versionsRetained } = options.limits;
    this.retained = new RetainedVersions({ bytesMax: memoryBytes, versionsMax: versionsRetained });
    this.roster = new Roster(options, this.gate, this.pump, this.retained, this.rosterListener());
    this.reader = new Reader(options, this.gate, this.roster);
    this.waker = new Waker(clock, (agent) => this.bringUp(agent));
    this.messenger = new Messenger(
      {
        activate: (agent) => this.roster.activateKnown(agent),
        find: (agent) => this.roster.find(agent),
        schedule: (activation) => this.pump.schedule(activation),
      },
      clock,
      this.gate,
      options.others,
    );
    this.asker = new Asker(options, this.gate, this.roster, (to, method, input, how) => this.call(to, method, input, how));
    const effects = this.turnEffects();
    this.recorder = new Recorder(options, this.gate, this.retained, effects);
    this.runner = new TurnRunner(options, this.gate, this.recorder, effects);
    this.keeper = new Keeper(options, this.gate, this.recorder, {
      activations: () => this.roster.all(),
      wantedRoom: () => this.roster.wantedRoom(),
      housekeep: (activation) => void this.recorder.plain(activation, { kind: 'housekeeping' }, [], {}),
      enqueueTimer: (activation, shot) => this.enqueueTimer(activation, shot),
      schedule: (activation) => this.pump.schedule(activation),
    });
    this.intake = new Intake(options, this.gate, {
      roster: this.roster,
      recorder: this.recorder,
      runner: this.runner,
      messenger: this.messenger,
      keeper: this.keeper,
      statusChanged: (activation) => this.statusChanged(activation),
    });
    this.historian = new Historian(
      blob,
      (activation) => this.roster.initialTree(activation.kind, activation.address),
      addressKeys,
      this.retained,
      (ticket) => this.barrier(ticket),
    );
  }

  /** A handler's turn or a query's answer. Rejects with a SkepError. */
  call(agent: AgentId, method: string, input: Value, options: HostCall = {}): Promise<TurnReply> {
    return new Promise((resolve, reject) => {
      try {
        const kind = this.roster.kindOf(agent);
        if (kind.queries.has(method)) return this.query(agent, method, input).then(resolve, reject);
        if (!kind.handlers.has(method)) {
          throw new SkepError('unknown-method', { message: `kind ${kind.kind} has no method ${method}; it has ${methodNames(kind)}`, id: agent });
        }
        checkPayload(input, { bytesMax: this.options.limits.payloadBytes, what: `the input of ${method}`, id: agent });
        this.roster.enqueue(this.roster.activate(agent, kind), this.callMessage(method, input, options, { resolve, reject }));
      } catch (error) {
        reject(toSkepError(error));
      }
    });
  }

  /** What an operator does: a record without a handler. It need not wait for a message that is tried again and again. */
  command(agent: AgentId, command: Omit<Command, 'kind' | 'caller'>): Promise<TurnReply> {
    return new Promise((resolve, reject) => {
      try {
        const activation = this.roster.activate(agent, this.roster.kindOf(agent));
        const message: Command = { kind: 'command', ...command, caller: { resolve, reject } };
        if (activation.stage !== 'ready' || activation.turn !== undefined || activation.frozen || !activation.paused)
          return this.roster.enqueue(activation, message);
        this.intake.command(activation, message);
        this.pump.start();
      } catch (error) {
        reject(toSkepError(error));
      }
    });
  }

  /** Changes the superpositions of an agent (V3). The reply's value is what the event says. */
  superpose(agent: AgentId, command: SuperpositionCommand): Promise<TurnReply> {
    return this.command(agent, superpositionOrder(command, agent, this.options));
  }

  /** A query on the newest state; an agent that does not exist answers from its initial state, and is not created. */
  query(agent: AgentId, method: string, input: Value): Promise<TurnReply> {
    const kind = this.roster.kindOf(agent);
    return this.read(agent, async (found) => {
      const version = found?.ready.version ?? 0;
      const tree = found?.ready.tree ?? this.roster.initialTree(kind, parseAgentId(agent));
      const value = await answerQuery({ kind, method, input, agent, version, tree, nowMs: this.options.clock.nowMs() }, (range) =>
        found === undefined ? Promise.resolve([]) : this.historian.events(found, range),
      );
      return { value, version, level: this.options.level };
    });
  }

  /** A strong read (L7): what `look` returns, once what it saw is acknowledged. It is called again where the log had no room for that. */
  read<Seen>(agent: AgentId, look: Look<Seen>): Promise<Seen> {
    return strongRead(this, agent, look);
  }

  /** The activation of an agent, brought to life if it exists; undefined if it does not. Waits for its turn in the mailbox. */
  reading(agent: AgentId): Promise<Activation | undefined> {
    return this.reader.reading(agent);
  }

  ahead<Seen>(agent: AgentId, look: Look<Seen>): Promise<Seen> {
    return this.reader.ahead(agent, look);
  }

  /** Resolves when a strong read that saw everything up to the ticket may leave (L7). */
  barrier(ticket: Ticket): Promise<void> {
    return this.reader.barrier(ticket);
  }

  /** Whether a method of a kind only reads. False for what is not known. */
  isQuery(kind: string, method: string): boolean {
    return this.options.kinds.get(kind)?.queries.has(method) === true;
  }

  /** Brings an agent to life without a message: after a crash, for its timers and unsent messages. False when its kind is not loaded. */
  wake(agent: AgentId): boolean {
    return this.waker.wake(agent);
  }

  onCommitted(listener: CommitListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Writes snapshots of everything that changed. */
  settleAll(): Promise<void> {
    return this.keeper.sweep();
  }

  /** Writes a snapshot of one agent, if it changed. */
  async settleAgent(agent: AgentId): Promise<void> {
    const activation = this.roster.find(agent);
    if (activation?.stage === 'ready' && activation.dirty && !activation.settling) await this.keeper.settle(activation);
  }

  /** Lets an agent go for another node to take; see `Keeper.release`. False when it is not here or stays for now. */
  async release(agent: AgentId): Promise<boolean> {
    const activation = this.roster.find(agent);
    return activation !== undefined && this.keeper.release(activation);
  }

  /** Whether the agent has timers, unsent messages or a turn to go on with. */
  hasWork(agent: AgentId): boolean {
    const activation = this.roster.find(agent);
    return activation !== undefined && this.keeper.hasWork(activation);
  }

  /** Refuses everything from now on; what is in the lane's queue goes on its way. */
  async close(error: SkepError): Promise<void> {
    await this.keeper.stop();
    this.roster.close(error);
    this.options.lane.flush();
  }

  // What other nodes say.

  receive(from: AgentId, item: SendItem): void {
    this.messenger.receive(from, item);
  }

  taken(from: AgentId, to: AgentId, sequence: number): void {
    if (this.roster.find(from) !== undefined) this.messenger.taken({ from, to, sequence });
  }

  returned(from: AgentId, to: AgentId, why: NotTaken): void {
    if (this.roster.find(from) !== undefined) this.messenger.returned(from, to, why);
  }

  // What the lane tells.

  released(through: Ticket): void {
    this.gate.release(through);
  }

  settledAgent(agent: AgentId): void {
    const activation = this.roster.find(agent);
    if (activation !== undefined) this.keeper.settled(activation);
  }

  unsettledAgent(agent: AgentId): void {
    const activation = this.roster.find(agent);
    if (activation !== undefined) this.keeper.unsettled(activation);
  }

  private rosterListener(): RosterListener {
    return {
      revived: (activation) => this.revived(activation),
      unsettled: (activation) => this.keeper.unsettled(activation),
      returned: (from, to, why) => this.messenger.returned(from, to, why),
      unsent: (sender) => this.messenger.dispatchLater(sender),
      lapsed: (agents) => this.waker.wakeLater(agents),
      gone: (agent, retry) => this.waker.failed(agent, retry),
      crowded: () => this.keeper.makeRoom(),
    };
  }

  private bringUp(agent: AgentId): 'awake' | 'coming' | 'crowded' | 'never' {
    const activation = this.roster.activateKnown(agent);
    if (activation === undefined) return this.roster.isFull ? 'crowded' : 'never';
    return activation.stage === 'ready' ? 'awake' : 'coming';
  }

  private revived(activation: Activation): void {
    this.waker.awake(activation.agent);
    activation.settledBytes = activation.position > 0 ? BEFORE_EVERYTHING : this.recorder.bytes;
    const state = activation.ready;
    if (state.pending !== undefined) this.runner.start(activation, { kind: 'resumption', begun: state.pending.begun });
    if (state.timers.size > 0) this.keeper.arm(activation);
    if (state.outbox.length > 0) this.messenger.dispatch(activation);
  }

  private turnEffects(): TurnEffects {
    return {
      sent: (activation, items) => this.messenger.dispatch(activation, items),
      taken: (delivery) => this.messenger.taken(delivery),
      timersChanged: (activation) => this.keeper.arm(activation),
      statusChanged: (activation) => this.statusChanged(activation),
      awaiting: (activation) => releaseMarks(activation),
      wrote: () => this.flushSoon(),
      schedule: (activation) => {
        this.pump.schedule(activation);
        if (this.pump.idle) this.options.lane.flush();
      },
      committed: (activation, record, sinceMs) => this.committed(activation, record, sinceMs),
      failed: () => this.meter.failure(),
      methodKind: (to, method) => this.methodKind(to, method),
      ask: (turn, to, method, input, operation) => this.asker.ask(turn, to, method, input, operation),
    };
  }

  /** Not at once: the handler most often goes on, and its next record rides the same batch. */
  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    this.options.clock.setTimer(0, () => {
      this.flushing = false;
      this.options.lane.flush();
    });
  }

  private committed(activation: Activation, record: TurnRecord, sinceMs: number | undefined): void {
    const ticket = activation.lastTicket;
    this.keeper.committed(activation);
    const [first] = record.events;
    // Housekeeping is no turn.
    if (first === undefined) return;
    const passed = (done: () => void): void => this.gate.hold(ticket, { release: done, abort: () => {} });
    this.meter.turn(sinceMs === undefined ? undefined : { sinceMs, passed });
    if (this.listeners.size === 0) return;
    const { events, version, ms: timeMs } = record;
    const changes = events.reduce((sum, event) => sum + event.edits.length, 0);
    const turn: CommittedTurn = { agent: activation.agent, version, type: first.type, changes, timeMs, events };
    passed(() => this.announce(turn));
  }

  private announce(turn: CommittedTurn): void {
    for (const listener of this.listeners) {
      try {
        listener([turn]);
      } catch {
        // A watcher that throws harms nobody but itself.
      }
    }
  }

  private methodKind(to: AgentId, method: string): 'handler' | 'query' {
    const kind = this.roster.kindOf(to);
    if (kind.handlers.has(method)) return 'handler';
    if (kind.queries.has(method)) return 'query';
    throw new SkepError('unknown-method', { message: `kind ${kind.kind} has no method ${method}; it has ${methodNames(kind)}`, id: to });
  }

  private callMessage(method: string, input: Value, options: HostCall, caller: Caller): Call {
    const { slot = null, expectedVersion, chain = [], correlation = null } = options;
    const body = slot === null ? null : hash(encode([method, input])).slice(0, 16);
    return { kind: 'call', method, input, slot, body, expectedVersion, chain, correlation, caller, sinceMs: this.options.clock.monotonicMs() };
  }

  /** Always accepted: an agent has a limited number of timers, and each waits in its mailbox once. */
  private enqueueTimer(activation: Activation, shot: TimerShot): void {
    if (activation.stage !== 'ready' || activation.timersQueued.has(shot.name)) return;
    activation.mailbox.force(shot);
    activation.timersQueued.add(shot.name);
    this.pump.schedule(activation);
  }

  private statusChanged(activation: Activation): void {
    activation.endPause();
    this.keeper.arm(activation);
    // Messages that a suspended agent did not take wait in the outboxes of their senders.
    for (const sender of this.roster.all()) if (sender.stage === 'ready' && sender.ready.outbox.length > 0) this.messenger.dispatch(sender);
    this.pump.schedule(activation);
  }
}

/** Readers do not wait for what an awaiting turn keeps waiting: they see the last state. */
function releaseMarks(activation: Activation): void {
  if (activation.marks === 0) return;
  activation.marks = 0;
  for (const message of activation.mailbox.take((each) => each.kind === 'mark')) if (message.kind === 'mark') message.caller.resolve();
}

function methodNames(kind: AnyKind): string {
  return [...kind.handlers.keys(), ...kind.queries.keys()].sort().join(', ') || 'none';
}
