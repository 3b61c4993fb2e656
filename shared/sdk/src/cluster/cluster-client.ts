/**
 * connectCluster: a client of a swarm on many nodes, over a bus.
 *
 *   const client = connectCluster({ bus, clock, random, tenant: 'default', universe: 'main' });
 *   const { value, version } = await client.call(agentId({ tenant: 'default', kind: 'counter', name: 'a1' }), 'increment', 2);
 *
 * Its connection to the bus belongs to whoever made it.
 */
import {
  checkName,
  decode,
  type ErrorShape,
  encode,
  fromErrorShape,
  LIMITS,
  operationId,
  parseJson,
  SkepError,
  toSkepError,
  universeId,
  type Value,
} from '@skep/kernel';
import type { Bus, Clock, Random } from '@skep/ports';
import { Subjects } from '@skep/protocol';
import type { Client, ListFilter, SwarmStatus, WatchedTurn } from '../client.js';
import { overdue } from '../overdue.js';
import type { AgentPage } from './agent-pages.js';
import { type Asked, AskingClient } from './asking-client.js';
import { CallSessions } from './call-sessions.js';
import { Exchange } from './exchange.js';
import { FOLLOW_MS } from './follows.js';
import { DEADLINE_MS } from './request-headers.js';

export interface ClusterClientOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  /** Whose agents can be reached. Default `default`. */
  readonly tenant?: string;
  /** Default `main`. */
  readonly universe?: string;
  /** How long to wait for an answer where the call names no deadline of its own. Default 30 s. */
  readonly deadlineMs?: number;
}

/** How long one node is waited for before another one is asked. */
const ATTEMPT_MS = 6_000;
const PAUSE_MS = 100;
const MESSAGEPACK: ReadonlyMap<string, string> = new Map([['Content-Type', 'application/msgpack']]);
const AGAIN = new Set(['timeout', 'unavailable', 'overloaded', 'sealed', 'closed']);

/** @throws SkepError `invalid-id`, `invalid-input` */
export function connectCluster(options: ClusterClientOptions): Client {
  const { tenant = 'default', universe = 'main', deadlineMs = DEADLINE_MS } = options;
  checkName('tenant', tenant);
  if (!(deadlineMs > 0)) throw new SkepError('invalid-input', { message: 'deadlineMs must be a number of ms above 0' });
  return new AskingClient(new Connection({ ...options, tenant, deadlineMs }, new Subjects(universeId(universe))));
}

class Connection implements Asked {
  readonly sessions: CallSessions;
  readonly payloadBytes = LIMITS.payloadBytes;
  readonly tenant: string;
  readonly deadlineMs: number;
  private readonly exchange: Exchange;
  private readonly watches = new Set<() => void>();
  private ended: SkepError | undefined;

  constructor(
    private readonly options: ClusterClientOptions & { readonly tenant: string; readonly deadlineMs: number },
    private readonly subjects: Subjects,
  ) {
    const { bus, clock, random, tenant, deadlineMs } = options;
    this.tenant = tenant;
    this.deadlineMs = deadlineMs;
    const client = operationId(clock.nowMs(), random.bytes(10));
    this.exchange = new Exchange({ bus, clock, random, subjects, tenant, client });
    this.sessions = new CallSessions({ clock, random, nowMs: () => this.exchange.nowMs() });
  }

  ask: Asked['ask'] = (question) => this.exchange.ask(question);

  /** The kinds are the nodes' own: every call carries a slot, and the answer says whether it was needed. */
  isQuery = () => false;

  list = (filter: ListFilter) => this.swarm<AgentPage>('list', { ...filter });

  status = () => this.swarm<SwarmStatus>('status', null);

  /** Follows all agents of the tenant, again and again, until it is stopped. */
  async watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void> {
    const { bus, clock } = this.options;
    const unsubscribe = bus.subscribe(this.subjects.eventsOf(this.tenant), ({ payload }) => {
      const turn = watchedTurn(payload);
      // Outside of the bus: what a listener throws is its own affair.
      if (turn !== undefined) queueMicrotask(() => over || listener([turn]));
    });
    let over = false;
    let cancel: (() => void) | undefined;
    const stop = (): void => {
      if (over) return;
      over = true;
      cancel?.();
      unsubscribe();
      this.watches.delete(stop);
    };
    try {
      const { follow } = await this.swarm<{ follow: string }>('follow', { forMs: FOLLOW_MS });
      const renewLater = (): void => {
        cancel = clock.setTimer(FOLLOW_MS / 3, () => {
          this.swarm('follow', { forMs: FOLLOW_MS, follow }).catch(() => {});
          renewLater();
        });
      };
      renewLater();
      this.watches.add(stop);
      return () => {
        if (over) return;
        stop();
        this.swarm('unfollow', { follow }).catch(() => {});
      };
    } catch (error) {
      stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.ended ??= new SkepError('closed', { message: 'this client was closed', remedy: 'Connect again.' });
    for (const stop of [...this.watches]) stop();
    this.exchange.close(this.ended);
  }

  /** Asks any node, and the next one if it does not answer: nothing here is worse for being asked twice. */
  private async swarm<Result>(command: string, parameter: Value): Promise<Result> {
    const { bus, clock, deadlineMs, tenant } = this.options;
    const endMs = clock.monotonicMs() + deadlineMs;
    for (;;) {
      if (this.ended !== undefined) throw this.ended;
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) throw overdue(command, deadlineMs);
      try {
        const timeoutMs = Math.min(leftMs, ATTEMPT_MS);
        const answer = decode(await bus.request(this.subjects.swarm(tenant, command), encode(parameter), { headers: MESSAGEPACK, timeoutMs }));
        if (answer !== null && typeof answer === 'object' && 'error' in answer) throw fromErrorShape(answer as unknown as ErrorShape);
        return answer as Result;
      } catch (thrown) {
        const error = toSkepError(thrown);
        if (!AGAIN.has(error.code) || clock.monotonicMs() + PAUSE_MS >= endMs) throw error;
        await new Promise<void>((resolve) => clock.setTimer(PAUSE_MS, resolve));
      }
    }
  }
}

/** Undefined for what is no turn. */
function watchedTurn(payload: Uint8Array): WatchedTurn | undefined {
  try {
    const { agent, version, type, changes, timeMs } = parseJson(new TextDecoder().decode(payload)) as unknown as WatchedTurn;
    return { agent, version, type, changes, timeMs };
  } catch {
    return undefined;
  }
}
