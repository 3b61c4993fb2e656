/**
 * The actors of one node. Owns the activations, their mailboxes and the order in which turns run; the lane decides what is committed.
 *
 * H1 Every message is answered once: with its reply, or with an error that says whether it took effect.
 * H2 Turns of one pump ride the same batch; between pumps the node reads what the world answered.
 */
import { type AgentId, encode, hash, parseAgentId, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { LaneRecord, Refusal, SnapshotReference, Ticket } from '@skep/lane';
import { decodeRecord, type ReplySlot } from '@skep/protocol';
import { type Tree, treeOf } from '@skep/state';
import { Activation } from './activation.js';
import { ActorState } from './actor-state.js';
import { admit } from './admission.js';
import { Gate } from './gate.js';
import { Historian } from './historian.js';
import type { CommittedTurn, HostOptions } from './host-options.js';
import { Keeper } from './keeper.js';
import type { AnyKind } from './kind.js';
import type { Call, Caller, Command, Message, TimerShot, TurnReply } from './message.js';
import { Messenger } from './messenger.js';
import { Meter } from './meter.js';
import { answerQuery } from './query.js';
import { decodeSnapshot } from './snapshot.js';
import type { Turn } from './turn.js';
import { type TurnEffects, TurnRunner } from './turn-runner.js';

export interface HostCall {
  readonly slot?: ReplySlot;
  readonly expectedVersion?: number;
  readonly chain?: readonly AgentId[];
  readonly correlation?: string | null;
}

/** Turns in one go before the node looks at what the world answered. */
const PUMP_TURNS = 1024;

export class ActorHost {
  readonly historian: Historian;
  readonly meter: Meter;
  private readonly activations = new Map<AgentId, Activation>();
  private readonly gate = new Gate();
  private readonly runner: TurnRunner;
  private readonly messenger: Messenger;
  private readonly keeper: Keeper;
  private ready: Activation[] = [];
  private pumping = false;
  private closed: SkepError | undefined;
  private readonly listeners = new Set<(turns: readonly CommittedTurn[]) => void>();

  constructor(private readonly options: HostOptions) {
    this.meter = new Meter(options.clock);
    this.runner = new TurnRunner(options, this.gate, this.turnEffects());
    this.messenger = new Messenger(
      {
        activate: (agent) => this.activateKnown(agent),
        find: (agent) => this.activations.get(agent),
        schedule: (activation) => this.schedule(activation),
      },
      options.clock,
    );
    this.keeper = new Keeper(options, this.gate, {
      activations: () => this.activations.values(),
      housekeep: (activation) => void this.runner.commitPlain(activation, { kind: 'housekeeping' }, [], {}),
      enqueueTimer: (activation, shot) => this.enqueueTimer(activation, shot),
    });
    this.historian = new Historian(options.blob, (activation) => this.initialTree(activation.kind, activation.address.name));
  }

  /** A handler's turn or a query's answer. Rejects with a SkepError. */
  call(agent: AgentId, method: string, input: Value, options: HostCall = {}): Promise<TurnReply> {
    return new Promise((resolve, reject) => {
      try {
        const kind = this.kindOf(agent);
        if (kind.queries.has(method)) return this.query(agent, method, input).then(resolve, reject);
        if (!kind.handlers.has(method)) {
          throw new SkepError('unknown-method', { message: `kind ${kind.kind} has no method ${method}; it has ${methodNames(kind)}`, id: agent });
        }
        this.enqueue(this.activate(agent, kind), this.callMessage(method, input, options, { resolve, reject }));
      } catch (error) {
        reject(toSkepError(error));
      }
    });
  }

  command(agent: AgentId, command: Omit<Command, 'kind' | 'caller'>): Promise<TurnReply> {
    return new Promise((resolve, reject) => {
      try {
        this.enqueue(this.activate(agent, this.kindOf(agent)), { kind: 'command', ...command, caller: { resolve, reject } });
      } catch (error) {
        reject(toSkepError(error));
      }
    });
  }

  /** A query on the newest state; an agent that does not exist answers from its initial state, and is not created. */
  async query(agent: AgentId, method: string, input: Value): Promise<TurnReply> {
    const kind = this.kindOf(agent);
    const found = await this.reading(agent);
    const version = found?.ready.version ?? 0;
    const tree = found?.ready.tree ?? this.initialTree(kind, parseAgentId(agent).name);
    const ticket = found?.lastTicket ?? 0;
    const value = await answerQuery({ kind, method, input, agent, version, tree, nowMs: this.options.clock.nowMs() }, (range) =>
      found === undefined ? Promise.resolve([]) : this.historian.events(found, range),
    );
    await this.barrier(ticket);
    return { value, version, level: this.options.level };
  }

  /** The activation of an agent, brought to life if it exists; undefined if it does not. Waits for its turn in the mailbox, not for steps. */
  async reading(agent: AgentId): Promise<Activation | undefined> {
    const kind = this.kindOf(agent);
    const known = this.activations.get(agent);
    if (known === undefined && !(await this.options.lane.exists(agent))) return undefined;
    const activation = this.activations.get(agent) ?? this.activate(agent, kind);
    activation.lastUsedMs = this.options.clock.nowMs();
    if (activation.state === undefined) await new Promise<Activation>((resolve, reject) => activation.waiting.push({ resolve, reject }));
    if (activation.mailbox.size > 0 && activation.turn === undefined) {
      await new Promise<void>((resolve, reject) => this.enqueue(activation, { kind: 'mark', caller: { resolve, reject } }));
    }
    return activation.position === 0 ? undefined : activation;
  }

  /** Resolves when a strong read that saw everything up to the ticket may leave (L7). */
  async barrier(ticket: Ticket): Promise<void> {
    const { lane } = this.options;
    const awaited = lane.barrier(ticket);
    if (awaited <= lane.released) return;
    lane.flush();
    await this.gate.passed(awaited);
  }

  find(agent: AgentId): Activation | undefined {
    return this.activations.get(agent);
  }

  all(): Iterable<Activation> {
    return this.activations.values();
  }

  initialTree(kind: AnyKind, name: string): Tree {
    return treeOf(kind.initialOf(name));
  }

  /** @throws SkepError `unknown-kind`, `invalid-id` */
  kindOf(agent: AgentId): AnyKind {
    const { kind } = parseAgentId(agent);
    const found = this.options.kinds.get(kind);
    if (found === undefined) {
      throw new SkepError('unknown-kind', {
        message: `no kind ${kind} is loaded; there are ${[...this.options.kinds.keys()].sort().join(', ')}`,
        id: agent,
      });
    }
    return found;
  }

  /** Brings an agent to life without a message: after a crash, for its timers and unsent messages. False when its kind is not loaded. */
  wake(agent: AgentId): boolean {
    return this.activateKnown(agent) !== undefined;
  }

  onCommitted(listener: (turns: readonly CommittedTurn[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Writes snapshots of everything that changed. */
  settleAll(): Promise<void> {
    return this.keeper.sweep();
  }

  /** Lets turns that run now end in the log, refuses everything else. */
  async close(error: SkepError): Promise<void> {
    this.closed = error;
    await this.keeper.stop();
    for (const activation of this.activations.values()) {
      this.failMailbox(activation, error);
      if (activation.turn !== undefined) activation.turn.abort(error);
      activation.cancelTimer?.();
    }
    this.options.lane.flush();
  }

  // What the lane tells.

  released(through: Ticket): void {
    this.gate.release(through);
  }

  /** Records after the last release are certainly not written: those agents go back to what is in the log. */
  aborted(error: SkepError, agents: readonly AgentId[]): void {
    const lapsed = new Set(agents);
    this.gate.abort(error);
    for (const activation of this.activations.values()) {
      const orphans = activation.mailbox.drain().filter((message) => !(message.kind === 'delivery' && lapsed.has(message.from)));
      for (const message of orphans) activation.mailbox.push(message);
      for (const agent of lapsed) activation.enqueued.delete(agent);
    }
    for (const agent of agents) {
      const activation = this.activations.get(agent);
      if (activation === undefined) continue;
      this.drop(activation, error);
      const kept = activation.mailbox.drain().filter((message) => message.kind === 'call' || message.kind === 'command' || message.kind === 'mark');
      if (kept.length > 0) for (const message of kept) this.enqueue(this.activate(agent, activation.kind), message);
    }
  }

  async owned(agent: AgentId, snapshot: SnapshotReference | null, records: readonly LaneRecord[]): Promise<void> {
    const activation = this.activations.get(agent);
    if (activation === undefined) return;
    try {
      await this.revive(activation, snapshot, records);
    } catch (error) {
      return this.refusedWith(activation, toSkepError(error));
    }
    activation.stage = 'ready';
    for (const { resolve } of activation.waiting.splice(0)) resolve(activation);
    const state = activation.ready;
    if (state.pending !== undefined) this.runner.start(activation, { kind: 'resumption', begun: state.pending.begun });
    if (state.timers.size > 0) this.keeper.arm(activation);
    if (state.outbox.length > 0) this.messenger.dispatch(activation);
    this.schedule(activation);
  }

  refused(agent: AgentId, why: Refusal): void {
    const activation = this.activations.get(agent);
    if (activation === undefined) return;
    switch (why.kind) {
      case 'failed':
        return this.refusedWith(activation, why.error);
      case 'damaged':
        return this.refusedWith(
          activation,
          new SkepError('agent-corrupt', { message: `the log of the agent is damaged: ${why.message}`, id: agent }),
        );
      case 'elsewhere':
        return this.refusedWith(activation, new SkepError('unavailable', { message: `another node holds the agent (lane ${why.owner})`, id: agent }));
    }
  }

  settledAgent(agent: AgentId): void {
    const activation = this.activations.get(agent);
    if (activation !== undefined) this.keeper.settled(activation);
  }

  unsettledAgent(agent: AgentId): void {
    const activation = this.activations.get(agent);
    if (activation !== undefined) this.keeper.unsettled(activation);
  }

  freed(agent: AgentId): void {
    const activation = this.activations.get(agent);
    if (activation === undefined) return;
    this.activations.delete(agent);
    const waiting = activation.mailbox.drain();
    const readers = activation.waiting.splice(0);
    if (waiting.length === 0 && readers.length === 0) return;
    const again = this.activate(agent, activation.kind);
    again.waiting.push(...readers);
    for (const message of waiting) this.enqueue(again, message);
  }

  lost(agent: AgentId): void {
    const activation = this.activations.get(agent);
    if (activation !== undefined) this.refusedWith(activation, new SkepError('sealed', { message: 'another node took the agent over', id: agent }));
  }

  /** The lane is sealed: nothing held here counts any more; what was not acknowledged may or may not have taken effect. */
  died(error: SkepError): void {
    this.gate.restart(error);
    for (const activation of [...this.activations.values()]) {
      this.failMailbox(activation, error);
      this.drop(activation, error);
    }
  }

  private turnEffects(): TurnEffects {
    return {
      sent: (activation, items) => this.messenger.dispatch(activation, items),
      taken: (delivery) => this.messenger.taken(delivery),
      timersChanged: (activation) => this.keeper.arm(activation),
      schedule: (activation) => {
        this.schedule(activation);
        if (!this.pumping) this.options.lane.flush();
      },
      committed: (activation, record, sinceMs) => {
        this.meter.turn(
          sinceMs === undefined
            ? undefined
            : { sinceMs, passed: (done) => this.gate.hold(activation.lastTicket, { release: done, abort: () => {} }) },
        );
        this.keeper.committed(activation);
        if (this.listeners.size > 0)
          this.announce(
            activation,
            record.version,
            record.events[0]?.type ?? '',
            record.events.reduce((sum, event) => sum + event.edits.length, 0),
            record.ms,
          );
      },
      failed: () => this.meter.failure(),
      methodKind: (to, method) => this.methodKind(to, method),
      ask: (turn, to, method, input, operation) => this.ask(turn, to, method, input, operation),
    };
  }

  private announce(activation: Activation, version: number, type: string, changes: number, timeMs: number): void {
    const turn: CommittedTurn = { agent: activation.agent, version, type, changes, timeMs };
    this.gate.hold(activation.lastTicket, {
      release: () => {
        for (const listener of this.listeners) listener([turn]);
      },
      abort: () => {},
    });
  }

  private methodKind(to: AgentId, method: string): 'handler' | 'query' {
    const kind = this.kindOf(to);
    if (kind.handlers.has(method)) return 'handler';
    if (kind.queries.has(method)) return 'query';
    throw new SkepError('unknown-method', { message: `kind ${kind.kind} has no method ${method}; it has ${methodNames(kind)}`, id: to });
  }

  /** Awaiting somebody who (through others) awaits this agent would never end: such a cycle is refused. */
  private async ask(turn: Turn, to: AgentId, method: string, input: Value, operation: string): Promise<Value> {
    if (this.kindOf(to).queries.has(method)) return (await this.query(to, method, input)).value;
    const chain = [...turn.chain, turn.agent];
    this.refuseCycle(turn, to, chain);
    turn.awaits = to;
    try {
      const slot = { kind: 'operation', id: operation } as const;
      return (await this.call(to, method, input, { slot, chain, correlation: turn.correlation })).value;
    } finally {
      turn.awaits = undefined;
    }
  }

  private refuseCycle(turn: Turn, to: AgentId, chain: readonly AgentId[]): void {
    const cycle = (through: readonly AgentId[]) =>
      new SkepError('call-cycle', { message: `${turn.agent} asks ${to}, which waits for it: ${[...through, to].join(' -> ')}`, id: turn.agent });
    if (chain.includes(to)) throw cycle(chain);
    if (chain.length >= this.options.limits.callChain) {
      throw new SkepError('call-cycle', {
        message: `the chain of calls has ${chain.length} agents, the limit is ${this.options.limits.callChain}`,
        id: turn.agent,
      });
    }
    const path: AgentId[] = [turn.agent];
    for (let at: AgentId | undefined = to; at !== undefined; at = this.activations.get(at)?.turn?.awaits) {
      if (at === turn.agent) throw cycle(path);
      path.push(at);
      if (path.length > this.activations.size + 1) return;
    }
  }

  private callMessage(method: string, input: Value, options: HostCall, caller: Caller): Call {
    const { slot = null, expectedVersion, chain = [], correlation = null } = options;
    const body = slot === null ? null : hash(encode([method, input])).slice(0, 16);
    return { kind: 'call', method, input, slot, body, expectedVersion, chain, correlation, caller, sinceMs: this.options.clock.monotonicMs() };
  }

  private activate(agent: AgentId, kind: AnyKind): Activation {
    const known = this.activations.get(agent);
    if (known !== undefined) return known;
    if (this.closed !== undefined) throw this.closed;
    const activation = new Activation(agent, kind, kind.mailboxMessages ?? this.options.limits.mailboxMessages, this.options.clock.nowMs());
    this.activations.set(agent, activation);
    this.options.lane.claim(agent);
    this.startPump();
    return activation;
  }

  private activateKnown(agent: AgentId): Activation | undefined {
    const known = this.activations.get(agent);
    if (known !== undefined) return known;
    const kind = this.options.kinds.get(parseAgentId(agent).kind);
    return kind === undefined || this.closed !== undefined ? undefined : this.activate(agent, kind);
  }

  private enqueue(activation: Activation, message: Message): void {
    if (this.closed !== undefined) throw this.closed;
    if (!activation.mailbox.push(message)) {
      throw new SkepError('mailbox-full', { message: `${activation.mailbox.limit} messages wait in the mailbox`, id: activation.agent });
    }
    this.schedule(activation);
  }

  private enqueueTimer(activation: Activation, shot: TimerShot): void {
    if (activation.stage !== 'ready' || activation.timersQueued.has(shot.name)) return;
    if (!activation.mailbox.push(shot)) return;
    activation.timersQueued.add(shot.name);
    this.schedule(activation);
  }

  private schedule(activation: Activation): void {
    if (activation.scheduled || activation.turn !== undefined || activation.stage !== 'ready' || activation.mailbox.size === 0) return;
    activation.scheduled = true;
    this.ready.push(activation);
    this.startPump();
  }

  private startPump(): void {
    if (this.pumping) return;
    this.pumping = true;
    queueMicrotask(() => this.pump());
  }

  private pump(): void {
    let turns = 0;
    for (let at = 0; at < this.ready.length; at += 1) {
      if (turns >= PUMP_TURNS) {
        this.ready = this.ready.slice(at);
        this.options.lane.flush();
        this.options.clock.setTimer(0, () => this.pump());
        return;
      }
      const activation = this.ready[at] as Activation;
      activation.scheduled = false;
      turns += 1;
      this.step(activation);
      this.schedule(activation);
    }
    this.ready = [];
    this.pumping = false;
    this.options.lane.flush();
  }

  private step(activation: Activation): void {
    const nowMs = this.options.clock.nowMs();
    activation.lastUsedMs = nowMs;
    if (activation.stage !== 'ready' || activation.turn !== undefined) return;
    if (activation.pausedUntilMs > nowMs) {
      // The pause's own timer schedules the agent again.
      if (activation.mailbox.peek()?.kind !== 'command') return;
    }
    const message = activation.mailbox.shift();
    if (message === undefined) return;
    if (message.kind === 'delivery' && activation.enqueued.get(message.from) === message.sequence) activation.enqueued.delete(message.from);
    if (message.kind === 'timer') activation.timersQueued.delete(message.name);
    const admission = admit(activation, message, nowMs);
    switch (admission.kind) {
      case 'run':
        return this.runner.start(activation, admission.message);
      case 'command':
        return this.runCommand(activation, admission.command);
      case 'reached':
        return admission.mark.caller.resolve();
      case 'answer':
        this.gate.hold(activation.lastTicket, {
          release: () => admission.caller.resolve({ value: admission.value, version: activation.ready.version, level: this.options.level }),
          abort: (error) => admission.caller.reject(error),
        });
        return;
      case 'refuse':
        return admission.caller.reject(admission.error);
      case 'taken':
        return this.messenger.taken({ from: admission.from, to: activation.agent, sequence: admission.sequence });
      case 'note':
        this.runner.commitPlain(activation, admission.message, [admission.event], {});
        return;
      case 'ignore':
        if (message.kind === 'timer') this.keeper.arm(activation);
        return;
    }
  }

  private runCommand(activation: Activation, command: Command): void {
    const { status, version } = activation.ready;
    const commit = (plan: Awaited<ReturnType<Command['plan']>>): void => {
      const tree = plan.edits.length === 0 ? undefined : activation.ready.tree.apply(plan.edits);
      const ticket = this.runner.commitPlain(activation, command, [{ type: command.type, data: plan.data, edits: plan.edits }], plan.rest, tree);
      if (plan.rest.status !== undefined) this.statusChanged(activation);
      const reply = { value: plan.data, version: activation.ready.version, level: this.options.level };
      this.gate.hold(ticket, { release: () => command.caller.resolve(reply), abort: (error) => command.caller.reject(error) });
    };
    try {
      const plan = command.plan({ status, version, position: activation.position });
      if (!(plan instanceof Promise)) return commit(plan);
      plan
        .then(
          (ready) => {
            if (activation.ready.version !== version) return this.enqueue(activation, command);
            commit(ready);
            this.options.lane.flush();
          },
          (error) => command.caller.reject(toSkepError(error)),
        )
        .catch((error) => command.caller.reject(toSkepError(error)));
    } catch (error) {
      command.caller.reject(toSkepError(error));
    }
  }

  private statusChanged(activation: Activation): void {
    activation.pausedUntilMs = 0;
    this.keeper.arm(activation);
    // Messages that a suspended agent did not take wait in the outboxes of their senders.
    for (const sender of this.activations.values()) if (sender.state !== undefined && sender.state.outbox.length > 0) this.messenger.dispatch(sender);
  }

  private async revive(activation: Activation, snapshot: SnapshotReference | null, records: readonly LaneRecord[]): Promise<void> {
    const { agent } = activation;
    let state = new ActorState(agent, this.initialTree(activation.kind, activation.address.name));
    if (snapshot !== null) {
      const bytes = await this.options.blob.get(snapshot.blob);
      if (bytes === undefined) throw new SkepError('agent-corrupt', { message: `the agent's snapshot ${snapshot.blob} is gone`, id: agent });
      const read = decodeSnapshot(bytes, agent);
      if (read.position !== snapshot.position || read.state.version !== snapshot.version) {
        throw new SkepError('agent-corrupt', {
          message: `the snapshot is at record ${read.position}, the directory says ${snapshot.position}`,
          id: agent,
        });
      }
      state = read.state;
      activation.settled = { position: snapshot.position, version: snapshot.version, blob: snapshot.blob, segment: read.segment };
    }
    for (const record of records) state.apply(decodeRecord(record.body, agent));
    activation.state = state;
    activation.position = (snapshot?.position ?? 0) + records.length;
    activation.tail = records.map((record) => record.body.slice());
    activation.tailBytes = records.reduce((sum, record) => sum + record.body.length, 0);
    for (const [sender, sequence] of activation.enqueued) {
      if (sequence <= (state.cursors.get(sender) ?? 0)) activation.enqueued.delete(sender);
    }
  }

  private refusedWith(activation: Activation, error: SkepError): void {
    if (error.code === 'agent-corrupt' || error.code === 'corrupt') this.options.onAlarm(activation.agent, error);
    for (const { reject } of activation.waiting.splice(0)) reject(error);
    this.failMailbox(activation, error);
    this.drop(activation, error);
  }

  private drop(activation: Activation, error: SkepError): void {
    activation.turn?.abort(error);
    const turn = activation.turn;
    if (turn !== undefined && turn.message.kind === 'call') turn.message.caller.reject(error);
    activation.turn = undefined;
    activation.cancelTimer?.();
    activation.stage = 'freeing';
    for (const { reject } of activation.waiting.splice(0)) reject(error);
    if (this.activations.get(activation.agent) === activation) this.activations.delete(activation.agent);
    this.keeper.unsettled(activation);
  }

  private failMailbox(activation: Activation, error: SkepError): void {
    for (const message of activation.mailbox.drain()) {
      if (message.kind === 'call' || message.kind === 'command' || message.kind === 'mark') message.caller.reject(error);
    }
    activation.enqueued.clear();
  }
}

function methodNames(kind: AnyKind): string {
  return [...kind.handlers.keys(), ...kind.queries.keys()].sort().join(', ') || 'none';
}
