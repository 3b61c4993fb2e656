/**
 * The actors of one node. Owns the activations, their mailboxes and the order in which turns run; the lane decides what is committed.
 *
 * H1 Every message is answered once: with its reply, or with an error that says whether it took effect.
 * H2 Turns of one pump ride the same batch; between pumps the node reads what the world answered.
 */
import { type AgentId, encode, hash, parseAgentId, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { Ticket } from '@skep/lane';
import type { ReplySlot } from '@skep/protocol';
import type { Activation } from './activation.js';
import { admit } from './admission.js';
import { refuseCycle } from './call-cycle.js';
import { Gate } from './gate.js';
import { Historian } from './historian.js';
import type { CommittedTurn, HostOptions } from './host-options.js';
import { Keeper } from './keeper.js';
import type { AnyKind } from './kind.js';
import type { Call, Caller, Command, TimerShot, TurnReply } from './message.js';
import { Messenger } from './messenger.js';
import { Meter } from './meter.js';
import { Pump } from './pump.js';
import { answerQuery } from './query.js';
import { Roster } from './roster.js';
import type { Turn } from './turn.js';
import { type TurnEffects, TurnRunner } from './turn-runner.js';

export interface HostCall {
  readonly slot?: ReplySlot;
  readonly expectedVersion?: number;
  readonly chain?: readonly AgentId[];
  readonly correlation?: string | null;
}

export class ActorHost {
  readonly historian: Historian;
  readonly meter: Meter;
  readonly roster: Roster;
  private readonly gate = new Gate();
  private readonly runner: TurnRunner;
  private readonly messenger: Messenger;
  private readonly keeper: Keeper;
  private readonly pump: Pump;
  private readonly listeners = new Set<(turns: readonly CommittedTurn[]) => void>();

  constructor(private readonly options: HostOptions) {
    this.meter = new Meter(options.clock);
    this.pump = new Pump(
      options.clock,
      (activation) => this.step(activation),
      () => options.lane.flush(),
    );
    this.roster = new Roster(options, this.gate, this.pump, {
      revived: (activation) => this.revived(activation),
      unsettled: (activation) => this.keeper.unsettled(activation),
    });
    this.runner = new TurnRunner(options, this.gate, this.turnEffects());
    this.messenger = new Messenger(
      {
        activate: (agent) => this.roster.activateKnown(agent),
        find: (agent) => this.roster.find(agent),
        schedule: (activation) => this.pump.schedule(activation),
      },
      options.clock,
    );
    this.keeper = new Keeper(options, this.gate, {
      activations: () => this.roster.all(),
      housekeep: (activation) => void this.runner.commitPlain(activation, { kind: 'housekeeping' }, [], {}),
      enqueueTimer: (activation, shot) => this.enqueueTimer(activation, shot),
    });
    this.historian = new Historian(options.blob, (activation) => this.roster.initialTree(activation.kind, activation.address.name));
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
        this.roster.enqueue(this.roster.activate(agent, kind), this.callMessage(method, input, options, { resolve, reject }));
      } catch (error) {
        reject(toSkepError(error));
      }
    });
  }

  command(agent: AgentId, command: Omit<Command, 'kind' | 'caller'>): Promise<TurnReply> {
    return new Promise((resolve, reject) => {
      try {
        this.roster.enqueue(this.roster.activate(agent, this.roster.kindOf(agent)), { kind: 'command', ...command, caller: { resolve, reject } });
      } catch (error) {
        reject(toSkepError(error));
      }
    });
  }

  /** A query on the newest state; an agent that does not exist answers from its initial state, and is not created. */
  async query(agent: AgentId, method: string, input: Value): Promise<TurnReply> {
    const kind = this.roster.kindOf(agent);
    const found = await this.reading(agent);
    const version = found?.ready.version ?? 0;
    const tree = found?.ready.tree ?? this.roster.initialTree(kind, parseAgentId(agent).name);
    const ticket = found?.lastTicket ?? 0;
    const value = await answerQuery({ kind, method, input, agent, version, tree, nowMs: this.options.clock.nowMs() }, (range) =>
      found === undefined ? Promise.resolve([]) : this.historian.events(found, range),
    );
    await this.barrier(ticket);
    return { value, version, level: this.options.level };
  }

  /** The activation of an agent, brought to life if it exists; undefined if it does not. Waits for its turn in the mailbox, not for steps. */
  async reading(agent: AgentId): Promise<Activation | undefined> {
    const kind = this.roster.kindOf(agent);
    const known = this.roster.find(agent);
    if (known === undefined && !(await this.options.lane.exists(agent))) return undefined;
    const activation = this.roster.find(agent) ?? this.roster.activate(agent, kind);
    activation.lastUsedMs = this.options.clock.nowMs();
    if (activation.state === undefined) await new Promise<Activation>((resolve, reject) => activation.waiting.push({ resolve, reject }));
    if (activation.mailbox.size > 0 && activation.turn === undefined) {
      await new Promise<void>((resolve, reject) => this.roster.enqueue(activation, { kind: 'mark', caller: { resolve, reject } }));
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

  /** Brings an agent to life without a message: after a crash, for its timers and unsent messages. False when its kind is not loaded. */
  wake(agent: AgentId): boolean {
    return this.roster.activateKnown(agent) !== undefined;
  }

  onCommitted(listener: (turns: readonly CommittedTurn[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Writes snapshots of everything that changed. */
  settleAll(): Promise<void> {
    return this.keeper.sweep();
  }

  /** Refuses everything from now on; what is in the lane's queue goes on its way. */
  async close(error: SkepError): Promise<void> {
    await this.keeper.stop();
    this.roster.close(error);
    this.options.lane.flush();
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

  private revived(activation: Activation): void {
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
      schedule: (activation) => {
        this.pump.schedule(activation);
        if (this.pump.idle) this.options.lane.flush();
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
    const kind = this.roster.kindOf(to);
    if (kind.handlers.has(method)) return 'handler';
    if (kind.queries.has(method)) return 'query';
    throw new SkepError('unknown-method', { message: `kind ${kind.kind} has no method ${method}; it has ${methodNames(kind)}`, id: to });
  }

  private async ask(turn: Turn, to: AgentId, method: string, input: Value, operation: string): Promise<Value> {
    if (this.roster.kindOf(to).queries.has(method)) return (await this.query(to, method, input)).value;
    const chain = [...turn.chain, turn.agent];
    const awaitedBy = (agent: AgentId) => this.roster.find(agent)?.turn?.awaits;
    refuseCycle({ turn, to, chain, chainMax: this.options.limits.callChain, awaitedBy });
    turn.awaits = to;
    try {
      const slot = { kind: 'operation', id: operation } as const;
      return (await this.call(to, method, input, { slot, chain, correlation: turn.correlation })).value;
    } finally {
      turn.awaits = undefined;
    }
  }

  private callMessage(method: string, input: Value, options: HostCall, caller: Caller): Call {
    const { slot = null, expectedVersion, chain = [], correlation = null } = options;
    const body = slot === null ? null : hash(encode([method, input])).slice(0, 16);
    return { kind: 'call', method, input, slot, body, expectedVersion, chain, correlation, caller, sinceMs: this.options.clock.monotonicMs() };
  }

  private enqueueTimer(activation: Activation, shot: TimerShot): void {
    if (activation.stage !== 'ready' || activation.timersQueued.has(shot.name)) return;
    if (!activation.mailbox.push(shot)) return;
    activation.timersQueued.add(shot.name);
    this.pump.schedule(activation);
  }

  private step(activation: Activation): void {
    const nowMs = this.options.clock.nowMs();
    activation.lastUsedMs = nowMs;
    if (activation.stage !== 'ready' || activation.turn !== undefined) return;
    const message = activation.mailbox.shift();
    if (message === undefined) return;
    if (message.kind === 'delivery' && activation.enqueued.get(message.from) === message.sequence) activation.enqueued.delete(message.from);
    if (message.kind === 'timer') activation.timersQueued.delete(message.name);
    const admission = admit(activation, message, nowMs);
    switch (admission.kind) {
      case 'run':
        return this.runner.start(activation, admission.message);
      case 'command':
        return this.runCommand(activation, admission.command, admission.command);
      case 'reached':
        return admission.mark.caller.resolve();
      case 'answer':
        this.gate.hold(activation.lastTicket, {
          release: () => admission.caller.resolve({ value: admission.value, version: activation.ready.version, level: this.options.level }),
          abort: (error) => admission.caller.reject(error),
        });
        return;
      case 'refuse':
        // It may show what an uncommitted turn led to, so it waits for that turn.
        this.gate.hold(activation.lastTicket, {
          release: () => admission.caller.reject(admission.error),
          abort: (error) => admission.caller.reject(error),
        });
        return;
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

  private runCommand(activation: Activation, { type, plan, caller }: Command, command: Command): void {
    const { status, version } = activation.ready;
    try {
      const { data, edits, rest } = plan({ status, version, position: activation.position });
      const tree = edits.length === 0 ? undefined : activation.ready.tree.apply(edits);
      const ticket = this.runner.commitPlain(activation, command, [{ type, data, edits }], rest, tree);
      if (rest.status !== undefined) this.statusChanged(activation);
      const reply = { value: data, version: activation.ready.version, level: this.options.level };
      this.gate.hold(ticket, { release: () => caller.resolve(reply), abort: (error) => caller.reject(error) });
    } catch (error) {
      caller.reject(toSkepError(error));
    }
  }

  private statusChanged(activation: Activation): void {
    activation.paused = false;
    this.keeper.arm(activation);
    // Messages that a suspended agent did not take wait in the outboxes of their senders.
    for (const sender of this.roster.all()) if (sender.stage === 'ready' && sender.ready.outbox.length > 0) this.messenger.dispatch(sender);
  }
}

function methodNames(kind: AnyKind): string {
  return [...kind.handlers.keys(), ...kind.queries.keys()].sort().join(', ') || 'none';
}
