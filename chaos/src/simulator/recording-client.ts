/**
 * A client outside of the node: sends a write under one operation id until it knows the outcome, sends some of them twice on purpose, and
 * writes down what it was told.
 */
import { type AgentId, isSkepError, operationId, type SkepError, toSkepError, type Value } from '@skep/kernel';
import type { Client, Reply } from '@skep/sdk';
import type { SeededRandom, TraceField } from '@skep/simulated';
import { type Operation, type Outcome, sameValue } from '../invariants/operation.js';
import { broken } from '../invariants/violation.js';
import type { Outside } from './outside.js';

export type Attempt<Result> =
  | { readonly kind: 'answered'; readonly result: Result }
  | { readonly kind: 'refused'; readonly error: SkepError }
  | { readonly kind: 'silence' };

/** Time and chance of a client: those of a simulated world, or real ones. */
export interface ClientWorld {
  /** Milliseconds since the run began. */
  readonly now: number;
  /** Milliseconds since 1970, by the client's own clock. */
  wallMs(): number;
  at(atMs: number, run: () => void): void;
  random(purpose: string): SeededRandom;
  record(who: string, what: string, ...fields: readonly TraceField[]): void;
}

/** What clients of a run ask for; `client.call` carries its operation. */
export type Asked = Pick<Client, 'call' | 'get' | 'at' | 'history' | 'checkpoint' | 'restore' | 'branch'>;

/** Whoever keeps the nodes running, be it one or many. */
export interface NodeKeeper {
  /** A way in, when there is one: through the node, or through one of them. */
  up(): Promise<{ readonly client: Asked; readonly incarnation: number }>;
  /** Calls back once, when this start of a node is down. Returns the function that forgets it. */
  onDown(incarnation: number, listener: () => void): () => void;
  /** A client was told that the lane of this start of the node is sealed. */
  sealed(incarnation: number, error: SkepError): void;
}

export interface ClientParts {
  readonly world: ClientWorld;
  readonly operator: NodeKeeper;
  readonly outside: Outside;
}

const ANSWER_WITHIN_MS = 5_000;
const RETRY_MS_MAX = 120;
/** After so many refusals that promise nothing changed, a client gives up. */
const REFUSALS_MAX = 40;
const SENT_TWICE_CHANCE = 0.12;
const SENT_AGAIN_CHANCE = 0.15;

export class RecordingClient {
  readonly random: SeededRandom;
  #reads = 0;

  constructor(
    private readonly parts: ClientParts,
    readonly name: string,
  ) {
    this.random = parts.world.random(`client ${name}`);
  }

  pause(ms: number): Promise<void> {
    const { world } = this.parts;
    return new Promise((resolve) => world.at(world.now + ms, resolve));
  }

  newId(): string {
    return operationId(Math.floor(this.parts.world.wallMs()), this.random.bytes(10));
  }

  /** A write whose input carries its own operation id as `op`. */
  async write(agent: AgentId, method: string, input: { readonly [name: string]: Value }): Promise<void> {
    const { outside } = this.parts;
    const id = this.newId();
    const body = { ...input, op: id };
    const operation = { id, client: this.name, agent, method, kind: 'write', began: outside.next() } as const;
    outside.began(operation);
    const call = (client: Asked) => client.call(agent, method, body, { operation: id });
    let doubtful = false;
    let refusals = 0;
    for (;;) {
      const twice = this.random.chance(SENT_TWICE_CHANCE);
      const attempt = twice ? await Promise.race([this.attempt(call), this.attempt(call)]) : await this.attempt(call);
      if (attempt.kind === 'answered') {
        const { version, value } = attempt.result;
        // A repeated call gets the reply of the first one, its version included.
        this.#note(operation, { kind: 'acknowledged', ended: outside.next(), version, witness: 'own', value });
        if (this.random.chance(SENT_AGAIN_CHANCE)) await this.#sendAgain(call, attempt.result, `${agent} ${id}`);
        return;
      }
      if (attempt.kind === 'silence' || attempt.error.retry === 'same-operation') doubtful = true;
      else {
        refusals += 1;
        const { code, retry } = attempt.error;
        if (retry === 'no' || refusals > REFUSALS_MAX) {
          const certain = !doubtful && !twice;
          this.#note(operation, { kind: 'refused', ended: outside.next(), code, certain });
          return;
        }
        if (twice) doubtful = true;
      }
      await this.pause(this.random.between(1, RETRY_MS_MAX));
    }
  }

  /** Reads until it is answered. `show` says what of the answer is the whole state, if any of it is. */
  async read<Result extends { readonly version: number }>(
    agent: AgentId,
    method: string,
    run: (client: Asked) => Promise<Result>,
    show: (result: Result) => Value | undefined,
  ): Promise<Result | undefined> {
    const { outside } = this.parts;
    this.#reads += 1;
    const id = `${this.name} ${this.#reads} ${method}`;
    for (let refusals = 0; refusals <= REFUSALS_MAX; refusals += 1) {
      // What an earlier attempt would have seen does not matter: each is an operation of its own.
      const began = outside.next();
      const attempt = await this.attempt(run);
      if (attempt.kind === 'answered') {
        const { version } = attempt.result;
        const value = show(attempt.result);
        this.#note(
          { id, client: this.name, agent, method, kind: 'read', began },
          { kind: 'acknowledged', ended: outside.next(), version, witness: 'own', value },
        );
        return attempt.result;
      }
      if (attempt.kind === 'refused' && attempt.error.retry === 'no') return undefined;
      await this.pause(this.random.between(1, RETRY_MS_MAX));
    }
    return undefined;
  }

  /** One attempt at anything; silence when the node died or did not answer in time. */
  async attempt<Result>(run: (client: Asked) => Promise<Result>): Promise<Attempt<Result>> {
    const { operator, world, outside } = this.parts;
    const { client, incarnation } = await operator.up();
    const attempt = await new Promise<Attempt<Result>>((resolve) => {
      const forget = operator.onDown(incarnation, () => resolve({ kind: 'silence' }));
      world.at(world.now + ANSWER_WITHIN_MS, () => {
        forget();
        resolve({ kind: 'silence' });
      });
      run(client).then(
        (result) => resolve({ kind: 'answered', result }),
        (error: unknown) => resolve({ kind: 'refused', error: toSkepError(error) }),
      );
    });
    if (attempt.kind === 'refused') {
      outside.meet(`refused: ${attempt.error.code}`);
      if (isSkepError(attempt.error, 'internal'))
        outside.broken.push(broken('I16', `a call met a bug: ${attempt.error.stack ?? attempt.error.message}`));
      if (attempt.error.code === 'sealed') operator.sealed(incarnation, attempt.error);
    }
    if (attempt.kind === 'silence') outside.meet('silence');
    return attempt;
  }

  async #sendAgain(call: (client: Asked) => Promise<Reply>, { version, value }: Reply, what: string): Promise<void> {
    await this.pause(this.random.between(1, 400));
    const again = await this.attempt(call);
    if (again.kind !== 'answered') return;
    this.parts.outside.meet('repeated call answered');
    if (again.result.version !== version || !sameValue(again.result.value, value))
      this.parts.outside.broken.push(broken('I5', `${what} was answered differently when it was sent again`));
  }

  #note(operation: Omit<Operation, 'outcome'>, outcome: Outcome): void {
    this.parts.outside.ended({ ...operation, outcome });
    this.parts.world.record(`client ${this.name}`, outcome.kind, operation.method, outcome.kind === 'acknowledged' ? outcome.version : -1);
  }
}
