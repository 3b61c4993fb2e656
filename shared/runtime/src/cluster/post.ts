/**
 * Messages and requests between the agents of all nodes: finds where an agent is, sends there, and follows it when it has moved.
 *
 * - R1 A request that was certainly not begun goes on to wherever the agent is now, until its time is up.
 * - R2 One that may have been begun is sent again only if that changes nothing twice: it reads, or carries an operation.
 * - R3 What a node does not hold it takes when it is asked, unless it knows who holds it: safety is the directory's work (L3).
 * - R4 Once an attempt left a doubt, the refusal of a later one does not take it away: the request ends with its answer, or in doubt (G13).
 */
import { type ActorHost, type AskElsewhere, type HostCall, missingKey, type OtherNodes } from '@skep/actor';
import { type AgentId, type ErrorCode, type IncarnationId, isSkepError, parseAgentId, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { Bus, Clock } from '@skep/ports';
import type { NotTaken, PeerItem, ReplySlot, SendItem, Subjects } from '@skep/protocol';
import { within } from '../deadline.js';
import type { Locator } from './locator.js';
import { Peers } from './peers.js';

/** What is asked of an agent: a call, or a command of a client. */
export interface AgentRequest {
  readonly agent: AgentId;
  readonly method: string;
  readonly parameters: readonly Value[];
}

export interface PostOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subjects: Subjects;
  readonly incarnation: IncarnationId;
  readonly locator: Locator;
  readonly host: () => ActorHost;
  /** Whether every member that lives was heard, as far as one can know. */
  readonly isAcquainted: () => boolean;
  /** Whether this node's own way to the others is known to be closed. */
  readonly cutOff: () => boolean;
  /** Performs a command other than `call` for an agent of this node. */
  readonly perform: (request: AgentRequest) => Promise<Value>;
}

/** Whether a request may have been begun somewhere. */
export type Doubt = 'none' | 'doubtful';

const CALL = 'call';
/** Brings an agent to life and changes nothing. */
const TOUCH = 'touch';
/** Parameter of a touch: the agent was let go for this very node, wherever it was believed to be. */
const TAKE = 'take';
/** Nothing was begun; somewhere else or a little later it may be. */
const MOVES_ON: ReadonlySet<ErrorCode> = new Set(['elsewhere', 'unavailable']);
/** It may have been begun. */
const DOUBTFUL: ReadonlySet<ErrorCode> = new Set(['outcome-unknown', 'timeout', 'sealed', 'closed']);
const READS: ReadonlySet<string> = new Set([TOUCH, 'get', 'info', 'at', 'history', 'diff', 'checkpoints']);
const AGAIN_MS = 4;
const AGAIN_MS_MAX = 250;
/** How long one node is waited for before the request is sent again. */
const ATTEMPT_MS = 2_000;
/** How long an agent's own request to another waits; its turn has a deadline of its own. */
const ASK_MS = 30_000;

export class Post implements OtherNodes {
  private readonly peers: Peers;
  private stopped = false;

  constructor(private readonly options: PostOptions) {
    const { bus, clock, subjects, incarnation } = options;
    this.peers = new Peers({ bus, clock, subjects, incarnation, onItem: (from, item) => this.onItem(from, item) });
  }

  stop(): void {
    this.stopped = true;
    this.peers.stop();
  }

  /** The node is dead or gone: nobody waits for it any more. */
  gone(incarnation: IncarnationId): void {
    this.options.locator.gone(incarnation);
    this.peers.dead(incarnation);
  }

  isAway(agent: AgentId): boolean {
    return this.options.locator.locate(agent) !== 'here';
  }

  deliver(from: AgentId, item: SendItem): void {
    this.tell(item.to, { kind: 'delivery', from, item });
  }

  taken(from: AgentId, to: AgentId, sequence: number): void {
    this.tell(from, { kind: 'taken', from, to, sequence });
  }

  returned(from: AgentId, to: AgentId, why: NotTaken): void {
    const peer = this.tell(from, { kind: 'returned', from, to, why });
    if (why === 'elsewhere') this.hint(peer, to);
  }

  /** These agents have something to do, and nobody holds them. */
  wake(agents: readonly AgentId[]): void {
    for (const agent of agents) this.tell(agent, { kind: 'wake', agents: [agent] });
  }

  async ask(agent: AgentId, method: string, input: Value, { operation, chain, correlation }: AskElsewhere): Promise<Value> {
    const options = callOptions({ ...(operation === '' ? {} : { slot: { kind: 'operation', id: operation } as const }), chain, correlation });
    const reply = await this.request({ agent, method: CALL, parameters: [method, input, options] }, ASK_MS);
    return (reply as { readonly value: Value }).value;
  }

  /**
   * Asks wherever the agent is, here too. Rejects with what it was refused for, or with `timeout` after `waitMs`. `before`: an earlier
   * attempt may have begun it.
   */
  async request(request: AgentRequest, waitMs: number, before: Doubt = 'none'): Promise<Value> {
    const { clock } = this.options;
    const endMs = clock.monotonicMs() + waitMs;
    let doubt = before;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.attempt(request, endMs - clock.monotonicMs(), attempt);
      } catch (thrown) {
        const error = toSkepError(thrown);
        doubt = this.doubtAfter(request, error, doubt);
        const told = doubt === 'doubtful' ? undecided(error, request.agent) : error;
        if (this.stopped || !this.mayGoOn(request, error, doubt)) throw told;
        const pauseMs = Math.min(AGAIN_MS * 2 ** attempt, AGAIN_MS_MAX);
        if (clock.monotonicMs() + pauseMs >= endMs) throw told;
        await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
        // The process may have been stopped meanwhile.
        if (clock.monotonicMs() >= endMs) throw told;
      }
    }
  }

  /** Brings an agent, that was let go here, to life where it is placed now, whatever that node believes. */
  async give(agent: AgentId, waitMs: number): Promise<void> {
    await this.request({ agent, method: TOUCH, parameters: [TAKE] }, waitMs);
  }

  /** Whether a request that failed may be sent again. After a doubt a refusal for now decides nothing (R4). */
  mayGoOn(request: AgentRequest, { code, retry }: SkepError, doubt: Doubt): boolean {
    if (MOVES_ON.has(code) || (doubt === 'doubtful' && retry === 'later')) return true;
    return DOUBTFUL.has(code) && this.mayRepeat(request);
  }

  /** Whether a request may have been begun, after one more attempt failed. What only reads leaves no doubt. */
  doubtAfter(request: AgentRequest, { code }: SkepError, before: Doubt): Doubt {
    return before === 'doubtful' || (DOUBTFUL.has(code) && !this.reads(request)) ? 'doubtful' : 'none';
  }

  private attempt(request: AgentRequest, leftMs: number, attempt: number): Promise<Value> {
    const { agent, method, parameters } = request;
    if (this.options.cutOff()) return Promise.reject(cutOff(agent));
    const at = this.options.locator.locate(agent);
    if (at === 'here') return this.here(request, leftMs);
    if (at === 'nowhere') return Promise.reject(this.unplaced(agent));
    const waitMs = this.mayRepeat(request) ? Math.min(leftMs, ATTEMPT_MS * 2 ** Math.min(attempt, 4)) : leftMs;
    return this.peers.ask(at, agent, method, parameters, Math.max(1, Math.floor(waitMs))).then(
      (result) => {
        this.options.locator.learn(agent, at);
        return result;
      },
      (thrown) => {
        const error = toSkepError(thrown);
        if (error.code === 'elsewhere') this.options.locator.wrong(agent, at);
        throw error;
      },
    );
  }

  private unplaced(agent: AgentId): SkepError {
    const { host, isAcquainted } = this.options;
    // A node with the key may be about to be heard.
    if (isAcquainted() && host().addressKeys.isMissing(agent)) return missingKey(agent);
    return new SkepError('unavailable', { message: 'no node takes agents now', id: agent });
  }

  private async here(request: AgentRequest, leftMs: number): Promise<Value> {
    const { agent, method } = request;
    try {
      return await within(this.options.clock, this.perform(request), { leftMs, agent, what: method });
    } catch (error) {
      // The servers went while it waited. What only reads has certainly changed nothing.
      if (isSkepError(error, 'timeout') && this.options.cutOff() && this.reads(request)) throw cutOff(agent);
      throw error;
    }
  }

  private async perform(request: AgentRequest): Promise<Value> {
    const { agent, method, parameters } = request;
    if (method === TOUCH) {
      await this.options.host().reading(agent);
      return null;
    }
    if (method !== CALL) return this.options.perform(request);
    const [name, input, options] = parameters;
    if (typeof name !== 'string') throw new SkepError('malformed', { message: 'a call names its method', id: agent });
    const reply = await this.options.host().call(agent, name, input ?? null, hostCall(options));
    return { ...reply };
  }

  private mayRepeat(request: AgentRequest): boolean {
    const { method, parameters } = request;
    const options = parameters[2] ?? null;
    return this.reads(request) || (method === CALL && options !== null && typeof options === 'object' && 'slot' in options);
  }

  private reads({ agent, method, parameters }: AgentRequest): boolean {
    return READS.has(method) || (method === CALL && this.options.host().isQuery(parseAgentId(agent).kind, String(parameters[0])));
  }

  /** Sends an item to where an agent is believed to be; returns the node. Lost when that is here or nowhere: its sender tries again. */
  private tell(agent: AgentId, item: PeerItem): IncarnationId | undefined {
    const at = this.options.locator.locate(agent);
    if (at === 'here' || at === 'nowhere') return undefined;
    try {
      this.peers.send(at, item);
    } catch {
      // It cannot be encoded: not even a second attempt would say more.
    }
    return at;
  }

  /** Says where the agent was met. A hint is given once: two nodes that each believe the other to hold it would never find out. */
  private hint(peer: IncarnationId | undefined, agent: AgentId): void {
    const { locator } = this.options;
    const known = locator.known(agent);
    if (peer === undefined || known === undefined) return;
    this.peers.send(peer, { kind: 'whereabouts', agent, incarnation: known });
    locator.wrong(agent, known);
  }

  private onItem(from: IncarnationId, item: Exclude<PeerItem, { kind: 'answer' | 'refusal' }>): void {
    const { locator } = this.options;
    const host = this.options.host();
    switch (item.kind) {
      case 'delivery': {
        locator.learn(item.from, from);
        const { to } = item.item;
        if (this.mine(to, from)) return host.receive(item.from, item.item);
        this.peers.send(from, { kind: 'returned', from: item.from, to, why: 'elsewhere' });
        return this.hint(from, to);
      }
      case 'taken':
        locator.learn(item.to, from);
        return host.taken(item.from, item.to, item.sequence);
      case 'returned':
        if (item.why === 'elsewhere') locator.wrong(item.to, from);
        return host.returned(item.from, item.to, item.why);
      case 'whereabouts':
        return locator.learn(item.agent, item.incarnation);
      case 'wake':
        for (const agent of item.agents) if (this.mine(agent, from)) host.wake(agent);
        return;
      case 'ask':
        void this.onAsk(from, item);
    }
  }

  private async onAsk(from: IncarnationId, { number, agent, method, parameters }: Extract<PeerItem, { kind: 'ask' }>): Promise<void> {
    try {
      if (method === TOUCH && parameters[0] === TAKE) this.forget(agent);
      if (!this.mine(agent, from)) throw new SkepError('elsewhere', { message: 'another node holds the agent', id: agent });
      const result = await this.perform({ agent, method, parameters });
      this.peers.send(from, { kind: 'answer', number, result });
    } catch (thrown) {
      const error = toSkepError(thrown);
      this.peers.send(from, { kind: 'refusal', number, error: error.toJSON() });
      if (error.code === 'elsewhere') this.hint(from, agent);
    }
  }

  private forget(agent: AgentId): void {
    const { locator } = this.options;
    const known = locator.known(agent);
    if (known !== undefined) locator.wrong(agent, known);
  }

  /** Whether this node answers for the agent: it holds it, or knows of nobody else who does (R3). Whoever asks does not hold it. */
  private mine(agent: AgentId, from: IncarnationId): boolean {
    const { locator } = this.options;
    locator.wrong(agent, from);
    return locator.holds(agent) || (locator.takes(agent) && locator.known(agent) === undefined);
  }
}

function undecided(error: SkepError, agent: AgentId): SkepError {
  if (DOUBTFUL.has(error.code)) return error;
  const message = `an earlier attempt may have taken effect; the last one was refused with ${error.code}: ${error.message}`;
  return new SkepError('outcome-unknown', { message, id: agent, cause: error });
}

function cutOff(id: AgentId): SkepError {
  return new SkepError('unavailable', {
    message: 'this node is cut off: no NATS server answers it',
    id,
    remedy: 'Look whether the NATS servers run and can be reached; the work goes on by itself.',
  });
}

/** Options of a call as they cross the wire. */
export function callOptions({ slot, expectedVersion, chain, correlation }: HostCall): Value {
  return {
    ...(slot === undefined ? {} : { slot: slot.kind === 'operation' ? [slot.id] : [slot.id, slot.number, slot.acknowledged] }),
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    ...(chain === undefined || chain.length === 0 ? {} : { chain }),
    ...(correlation === undefined || correlation === null ? {} : { correlation }),
  };
}

/** @throws SkepError `malformed` */
export function hostCall(options: Value | undefined): HostCall {
  if (options === undefined || options === null) return {};
  const { slot, expectedVersion, chain, correlation } = options as { readonly [name: string]: Value | undefined };
  return {
    ...(slot === undefined ? {} : { slot: slotOf(slot) }),
    ...(typeof expectedVersion === 'number' ? { expectedVersion } : {}),
    ...(Array.isArray(chain) ? { chain: chain as readonly AgentId[] } : {}),
    ...(typeof correlation === 'string' ? { correlation } : {}),
  };
}

function slotOf(slot: Value): ReplySlot {
  const [id, number, acknowledged] = Array.isArray(slot) ? (slot as readonly Value[]) : [];
  if (typeof id === 'string' && number === undefined) return { kind: 'operation', id };
  if (typeof id === 'string' && typeof number === 'number' && typeof acknowledged === 'number') return { kind: 'session', id, number, acknowledged };
  throw new SkepError('malformed', { message: 'a call carries [operation] or [session, number, acknowledged]' });
}
