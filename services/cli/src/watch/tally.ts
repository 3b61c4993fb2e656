/** What `watch` saw so far: who is busy now, what happened last. */
import type { AgentId } from '@skep/kernel';
import type { WatchedTurn } from '@skep/sdk';

export interface WatchedAgent {
  readonly agent: AgentId;
  readonly version: number;
  readonly type: string;
  readonly atMs: number;
  /** Turns seen within the last second. */
  readonly turnsPerSecond: number;
}

interface Entry {
  version: number;
  type: string;
  atMs: number;
  /** Turns of the running second and of the one before it. */
  second: number;
  turns: number;
  turnsBefore: number;
}

const RECENT_MAX = 50;
/** Agents followed at once; past it those that were quiet longest are forgotten. */
const AGENTS_MAX = 10_000;

export class WatchTally {
  readonly #agents = new Map<AgentId, Entry>();
  #recent: WatchedTurn[] = [];
  #turns = 0;
  #seen = 0;

  add(turns: readonly WatchedTurn[], nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    for (const { agent, version, type } of turns) {
      const known = this.#agents.get(agent);
      if (known === undefined) this.#seen += 1;
      const before = turnsOfSecond(known, second - 1);
      const turnsNow = turnsOfSecond(known, second) + 1;
      // Deleting first keeps the map in the order of the last turn.
      this.#agents.delete(agent);
      this.#agents.set(agent, { version, type, atMs: nowMs, second, turns: turnsNow, turnsBefore: before });
    }
    this.#turns += turns.length;
    this.#recent = [...this.#recent, ...turns.slice(-RECENT_MAX)].slice(-RECENT_MAX);
    for (const agent of this.#agents.keys()) {
      if (this.#agents.size <= AGENTS_MAX) break;
      this.#agents.delete(agent);
    }
  }

  totals(): { readonly turns: number; readonly agents: number } {
    return { turns: this.#turns, agents: this.#seen };
  }

  /** The busiest first. */
  agents(nowMs: number, countMax: number): readonly WatchedAgent[] {
    const second = Math.floor(nowMs / 1000);
    return [...this.#agents]
      .map(([agent, entry]) => ({
        agent,
        version: entry.version,
        type: entry.type,
        atMs: entry.atMs,
        turnsPerSecond: turnsOfSecond(entry, second - 1),
      }))
      .sort((one, other) => other.turnsPerSecond - one.turnsPerSecond || other.atMs - one.atMs || (one.agent < other.agent ? -1 : 1))
      .slice(0, countMax);
  }

  /** The newest last. */
  recent(countMax: number): readonly WatchedTurn[] {
    return countMax <= 0 ? [] : this.#recent.slice(-countMax);
  }
}

function turnsOfSecond(entry: Entry | undefined, second: number): number {
  if (entry === undefined) return 0;
  if (entry.second === second) return entry.turns;
  return entry.second === second + 1 ? entry.turnsBefore : 0;
}
