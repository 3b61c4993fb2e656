/**
 * What the swarm is given to do: for every agent a few calls on their way at any time, each under an operation id of its own.
 *
 *   start(client) --> working --stop()--> all answered
 *                        | the holder dies
 *                        v
 *                  what was unanswered waits --retry(new client)--> all answered, each once
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isSkepError, operationId, toSkepError } from '@skep/kernel';
import type { Client } from '@skep/sdk';
import { CAST, type Player } from './cast.js';
import type { Ledger, Operation } from './ledger.js';

/** Calls on their way per agent; sixty agents together keep well over fifty in flight. */
const CALLS_PER_AGENT = 2;
/** Of ten calls to a worker or reviewer, this many make it ask another agent. */
const ASKS_OF_TEN = 1;
const BUSY_PAUSE_MS = 5;

const FACTS = [
  'clover blooms by the brook',
  'the old oak has a hollow',
  'wind from the west since noon',
  'heather opens on the ridge',
  'a wasp nest under the bridge',
  'the linden is full of nectar',
  'rain before evening',
];

export interface Pace {
  /** Pause of each caller between two calls. */
  readonly pauseMs: number;
}

export class Load {
  #token = 0;
  #running = false;
  #inFlight = 0;
  #unanswered: Operation[] = [];
  #callers: Promise<void>[] = [];
  #failure: Error | undefined;

  constructor(private readonly ledger: Ledger) {}

  /** Calls that were sent and not answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Calls that a dead holder left unanswered. */
  get unanswered(): readonly Operation[] {
    return this.#unanswered;
  }

  start(client: Client, pace: Pace = { pauseMs: 0 }): void {
    this.#running = true;
    this.#callers = CAST.flatMap((player) => Array.from({ length: CALLS_PER_AGENT }, () => this.#work(client, player, pace)));
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

  async #work(client: Client, player: Player, { pauseMs }: Pace): Promise<void> {
    // Callers that pause start at different moments, so that their calls spread.
    if (pauseMs > 0) await pause(Math.random() * pauseMs);
    while (this.#running && this.#failure === undefined) {
      const { method, input } = this.#nextCall(player);
      await this.#send(client, this.#operation(player, method, input));
      if (pauseMs > 0) await pause(pauseMs);
    }
  }

  #nextCall({ role }: Player): { readonly method: string; readonly input: Operation['input'] } {
    const fact = FACTS[this.#token % FACTS.length] ?? '';
    if (role === 'planner') return { method: 'assign', input: { title: `look where ${fact}` } };
    const asks = Math.random() * 10 < ASKS_OF_TEN;
    if (role === 'worker') return asks ? { method: 'consult', input: {} } : { method: 'observe', input: { fact } };
    return asks ? { method: 'mentor', input: {} } : { method: 'reflect', input: { fact } };
  }

  #operation({ agent }: Player, method: string, input: Operation['input']): Operation {
    this.#token += 1;
    return { id: operationId(Date.now(), randomBytes(10)), agent, method, token: this.#token, input: { ...input, token: this.#token } };
  }

  async #send(client: Client, operation: Operation): Promise<void> {
    this.#inFlight += 1;
    const startMs = performance.now();
    for (let settled = false; !settled; ) {
      try {
        const reply = await client.call(operation.agent, operation.method, operation.input, { operation: operation.id });
        this.ledger.acknowledge(operation, reply, performance.now() - startMs);
        settled = true;
      } catch (error) {
        settled = !isBusy(error);
        if (settled) this.#refused(operation, error);
        else await pause(BUSY_PAUSE_MS);
      }
    }
    this.#inFlight -= 1;
  }

  #refused(operation: Operation, error: unknown): void {
    if (isSkepError(error, 'outcome-unknown') || isSkepError(error, 'unavailable') || isSkepError(error, 'closed')) {
      // The holder is gone: whether the call took effect is for its successor to say.
      this.#unanswered.push(operation);
      this.#running = false;
    } else {
      this.#failure ??= toSkepError(error);
    }
  }
}

function isBusy(error: unknown): boolean {
  return isSkepError(error, 'mailbox-full') || isSkepError(error, 'outbox-full') || isSkepError(error, 'overloaded');
}
