/**
 * What the swarm is given to do: for every agent a few calls on their way at any time.
 *
 *   start(client) --> working --stop()--> all answered
 *                        | the holder dies
 *                        v
 *                  what was unanswered waits --retry(new client)--> all answered, each once
 *
 * Calls to a holder carry an operation id of their own, so that they can be sent again to its successor. Calls to a cluster carry none: its
 * client asks the other nodes by itself, under a session, until the deadline; what is not answered by then has failed, and is counted.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isSkepError, operationId, SkepError, toSkepError } from '@skep/kernel';
import type { Client } from '@skep/sdk';
import { CAST, type Player } from './cast.js';
import type { Ledger, Operation } from './ledger.js';

/** Calls on their way per agent; sixty agents together keep well over fifty in flight. */
const CALLS_PER_AGENT = 2;
/** Of ten calls to a worker or reviewer, this many make it ask another agent. */
const ASKS_OF_TEN = 1;
const BUSY_PAUSE_MS = 5;
/** What a call to a cluster ends with when nobody answered it in time. */
const LATE = ['timeout', 'outcome-unknown', 'unavailable', 'sealed'] as const;

const FACTS = [
  'clover blooms by the brook',
  'the old oak has a hollow',
  'wind from the west since noon',
  'heather opens on the ridge',
  'a wasp nest under the bridge',
  'the linden is full of nectar',
  'rain before evening',
];

/** Whom the calls go to. */
export type Callee = 'holder' | 'cluster';

/** Of calls to a cluster, unless a scene asks for another one. */
const DEADLINE_MS = 30_000;

export class Load {
  #token = 0;
  #running = false;
  readonly #sent = new Set<Operation>();
  #unanswered: Operation[] = [];
  #callers: Promise<void>[] = [];
  #failure: Error | undefined;
  /** Of each caller between two calls; counts from the next call. */
  pauseMs = 0;
  /** How long a call to a cluster may take; it counts from the next one. */
  deadlineMs = DEADLINE_MS;

  constructor(
    private readonly ledger: Ledger,
    private readonly callee: Callee,
  ) {}

  /** Calls that were sent and not answered. */
  get inFlight(): number {
    return this.#sent.size;
  }

  /** The same, one by one. */
  get sent(): readonly Operation[] {
    return [...this.#sent];
  }

  /** Calls that a dead holder left unanswered. */
  get unanswered(): readonly Operation[] {
    return this.#unanswered;
  }

  start(client: Client, pauseMs = 0): void {
    this.#running = true;
    this.pauseMs = pauseMs;
    this.#callers = CAST.flatMap((player) => Array.from({ length: CALLS_PER_AGENT }, () => this.#work(client, player)));
  }

  /** Resolves when nothing is in flight any more. @throws what a call was refused with */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#callers);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Sends what was unanswered again, under the same ids. @param first called with the first answer */
  async retry(client: Client, first: () => void): Promise<void> {
    const again = this.#unanswered;
    this.#unanswered = [];
    let isFirst = true;
    const answered = () => {
      if (isFirst) first();
      isFirst = false;
    };
    await Promise.all(again.map((operation) => this.#send(client, operation).then(answered)));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** One call of the story itself. */
  async tell(client: Client, player: Player, telling: { readonly method: string; readonly input: Operation['input'] }): Promise<void> {
    await this.#send(client, this.#operation(player, telling.method, telling.input));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Sends each of these agents a call of its own; calls `answered` with each answer. @throws SkepError of a call that failed */
  async probe(client: Client, players: readonly Player[], answered: (player: Player) => void): Promise<void> {
    const failed = this.ledger.failed.length;
    await Promise.all(
      players.map(async (player) => {
        const { method, input } = plainCall(player, this.#token);
        await this.#send(client, this.#operation(player, method, input));
        answered(player);
      }),
    );
    if (this.#failure !== undefined) throw this.#failure;
    const [lost] = this.ledger.failed.slice(failed);
    if (lost !== undefined) {
      throw new SkepError('timeout', { message: `an agent did not answer within ${this.deadlineMs} ms`, id: lost.agent });
    }
  }

  async #work(client: Client, player: Player): Promise<void> {
    // Callers that pause start at different moments, so that their calls spread.
    if (this.pauseMs > 0) await pause(Math.random() * this.pauseMs);
    while (this.#running && this.#failure === undefined) {
      const { method, input } = this.#nextCall(player);
      await this.#send(client, this.#operation(player, method, input));
      if (this.pauseMs > 0) await pause(this.pauseMs);
    }
  }

  #nextCall(player: Player): Call {
    const { role } = player;
    const asks = role !== 'planner' && Math.random() * 10 < ASKS_OF_TEN;
    return asks ? { method: role === 'worker' ? 'consult' : 'mentor', input: {} } : plainCall(player, this.#token);
  }

  #operation({ agent }: Player, method: string, input: Operation['input']): Operation {
    this.#token += 1;
    return { id: operationId(Date.now(), randomBytes(10)), agent, method, token: this.#token, input: { ...input, token: this.#token } };
  }

  async #send(client: Client, operation: Operation): Promise<void> {
    this.#sent.add(operation);
    const { deadlineMs } = this;
    const startMs = performance.now();
    for (let settled = false; !settled; ) {
      try {
        const leftMs = Math.max(1, deadlineMs - (performance.now() - startMs));
        const options = this.callee === 'holder' ? { operation: operation.id } : { deadlineMs: leftMs };
        const reply = await client.call(operation.agent, operation.method, operation.input, options);
        this.ledger.acknowledge(operation, reply, performance.now() - startMs);
        settled = true;
      } catch (error) {
        settled = !isBusy(error) || (this.callee === 'cluster' && performance.now() - startMs >= deadlineMs);
        if (settled) this.#refused(operation, error);
        else await pause(BUSY_PAUSE_MS);
      }
    }
    this.#sent.delete(operation);
  }

  #refused(operation: Operation, error: unknown): void {
    if (this.callee === 'cluster' && (isBusy(error) || LATE.some((code) => isSkepError(error, code)))) this.ledger.fail(operation);
    else if (isSkepError(error, 'outcome-unknown') || isSkepError(error, 'unavailable') || isSkepError(error, 'closed')) {
      // The holder is gone: whether the call took effect is for its successor to say.
      this.#unanswered.push(operation);
      this.#running = false;
    } else {
      this.#failure ??= toSkepError(error);
    }
  }
}

interface Call {
  readonly method: string;
  readonly input: Operation['input'];
}

/** One that needs nobody but the agent itself. */
function plainCall({ role }: Player, number: number): Call {
  const fact = FACTS[number % FACTS.length] ?? '';
  if (role === 'planner') return { method: 'assign', input: { title: `look where ${fact}` } };
  return { method: role === 'worker' ? 'observe' : 'reflect', input: { fact } };
}

function isBusy(error: unknown): boolean {
  return isSkepError(error, 'mailbox-full') || isSkepError(error, 'outbox-full') || isSkepError(error, 'overloaded');
}
