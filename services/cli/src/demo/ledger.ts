/** What the surviving process saw acknowledged: the judge's own account, kept outside of every Skep. */
import type { AgentId, OperationId } from '@skep/kernel';
import type { Reply } from '@skep/sdk';
import type { Receipt } from './kinds/memory.js';

export interface Operation {
  readonly id: OperationId;
  readonly agent: AgentId;
  readonly method: string;
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
  readonly #accounts = new Map<AgentId, Account>();
  #latencies: number[] = [];
  #level = 'unknown';

  acknowledge(operation: Operation, reply: Reply, ms: number): void {
    const receipt = reply.value as unknown as Receipt;
    const entry = { operation, version: receipt.version };
    const known = this.#entries.get(operation.agent);
    if (known === undefined) this.#entries.set(operation.agent, [entry]);
    else known.push(entry);
    this.#count += 1;
    const account = this.#accounts.get(operation.agent) ?? { calls: 0, tokens: 0 };
    account.calls += 1;
    account.tokens += operation.token;
    this.#accounts.set(operation.agent, account);
    this.#level = reply.level;
    if (this.#latencies.length < SAMPLES_MAX) this.#latencies.push(ms);
    else this.#latencies[Math.floor(Math.random() * SAMPLES_MAX)] = ms;
  }

  get count(): number {
    return this.#count;
  }

  get level(): string {
    return this.#level;
  }

  /** What was acknowledged of one agent, in the order of the replies. */
  entriesOf(agent: AgentId): readonly Acknowledged[] {
    return this.#entries.get(agent) ?? [];
  }

  accountOf(agent: AgentId): Account {
    return this.#accounts.get(agent) ?? { calls: 0, tokens: 0 };
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
