/** What the surviving process saw acknowledged: the judge's own account, kept outside of every Skep. */
import type { AgentId, OperationId } from '@skep/kernel';
import type { Reply } from '@skep/sdk';
import type { Receipt } from './kinds/memory.js';

export interface Operation {
  readonly id: OperationId;
  readonly agent: AgentId;
  readonly method: string;
  /** No other call carries it. */
  readonly token: number;
  readonly input: { readonly [name: string]: string | number };
}

export interface Acknowledged {
  readonly operation: Operation;
  /** Version of the agent that the call made, by its receipt. */
  readonly version: number;
}

export interface Account {
  calls: number;
  tokens: number;
}

/** Latencies kept for percentiles; later ones replace earlier ones at random places. */
const SAMPLES_MAX = 50_000;

export class Ledger {
  readonly #entries = new Map<AgentId, Acknowledged[]>();
  #count = 0;
  readonly #failed: Operation[] = [];
  #latencies: number[] = [];
  #level = 'unknown';

  acknowledge(operation: Operation, reply: Reply, ms: number): void {
    const receipt = reply.value as unknown as Receipt;
    const entry = { operation, version: receipt.version };
    const known = this.#entries.get(operation.agent);
    if (known === undefined) this.#entries.set(operation.agent, [entry]);
    else known.push(entry);
    this.#count += 1;
    this.#level = reply.level;
    if (this.#latencies.length < SAMPLES_MAX) this.#latencies.push(ms);
    else this.#latencies[Math.floor(Math.random() * SAMPLES_MAX)] = ms;
  }

  /** Nobody was told how it went: it may stand in the log, or not. */
  fail(operation: Operation): void {
    this.#failed.push(operation);
  }

  get count(): number {
    return this.#count;
  }

  get failed(): readonly Operation[] {
    return this.#failed;
  }

  get level(): string {
    return this.#level;
  }

  /** What was acknowledged of one agent, in the order of the replies. */
  entriesOf(agent: AgentId): readonly Acknowledged[] {
    return this.#entries.get(agent) ?? [];
  }

  /** What the agent's own account must be. @param isLogged whether a call of which nobody was told took effect */
  accountOf(agent: AgentId, isLogged: (token: number) => boolean): Account {
    const untold = this.#failed.filter((each) => each.agent === agent && isLogged(each.token));
    const operations = [...this.entriesOf(agent).map(({ operation }) => operation), ...untold];
    return { calls: operations.length, tokens: operations.reduce((sum, { token }) => sum + token, 0) };
  }

  /** Forgets the latencies so far. */
  measureAnew(): void {
    this.#latencies = [];
  }

  /** In ms; of calls since the last `measureAnew`. */
  percentiles(): { readonly p50: number; readonly p99: number } {
    const sorted = this.#latencies.sort((one, other) => one - other);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
