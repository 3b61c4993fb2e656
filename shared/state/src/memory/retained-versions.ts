/**
 * The versions in a node's memory: of each agent the newest, and the last ones before it, as far as the budget reaches; and states that are
 * kept beside them, as superpositions do.
 *
 * - V1 The newest version of an agent is never evicted, nor what is kept beside it.
 * - V2 What is used is what all versions take together: nodes that versions of an agent share are counted once, with the newest that has
 *   them. A version costs what changed, to add as to drop.
 * - V3 Not every version need be kept: what lies between two of them follows from the one before and its agent's records.
 * - V4 Bytes of new versions are guessed at first and counted when it matters: when the budget is reached, or somebody asks. Versions that
 *   are dropped before that were never counted.
 * - V5 Versions beyond the budget are evicted by S3-FIFO. Whoever made this object is told of each; what is evicted is not lost where it is
 *   kept elsewhere.
 */
import { LIMITS } from '@skep/kernel';
import type { Tree } from '../tree.js';
import { AgentVersions, type BesideState, type PastVersion } from './agent-versions.js';
import type { EvictedVersion } from './cold-versions.js';
import { S3Fifo } from './s3-fifo.js';

export interface RetainedOptions {
  /** Bytes that all versions may take, the newest ones included. Default: `LIMITS.memoryBytes`. */
  readonly bytesMax?: number;
  /** A version of an agent that is so many behind its newest is dropped. Default: `LIMITS.versionsRetained`. */
  readonly versionsMax?: number;
  /** Told of each version that the budget had no room for. `ColdVersions` takes them. */
  readonly evicted?: (evicted: EvictedVersion) => void;
}

/** One agent's versions; opaque to others. */
export type RetainedAgent = AgentVersions;

/** Of the budget: what must be used more before it is counted anew. */
const COUNTED_AGAIN_AFTER = 1 / 64;
/** Of all past versions' bytes: so much more than must be is evicted, so that the budget is not reached again at once. */
const EVICTED_MORE = 1 / 8;

export class RetainedVersions {
  private readonly queue: S3Fifo<PastVersion>;
  /** Agents of which something is only guessed. */
  private readonly uncounted = new Set<AgentVersions>();
  private used = 0;
  private past = 0;
  /** Where nothing is left to evict, nothing is counted anew before so much is used. */
  private toleratedBytes = 0;
  readonly bytesMax: number;
  private readonly versionsMax: number;

  constructor(private readonly options: RetainedOptions = {}) {
    this.bytesMax = options.bytesMax ?? LIMITS.memoryBytes;
    this.versionsMax = options.versionsMax ?? LIMITS.versionsRetained;
    this.queue = new S3Fifo(this.bytesMax, hashOf);
  }

  /** Bytes used, partly guessed. */
  get bytes(): number {
    return this.used;
  }

  /** Versions kept beside the newest ones. */
  get versions(): number {
    return this.past;
  }

  /** Bytes used, counted. Costs what changed since they were counted last. */
  countedBytes(): number {
    for (const agent of this.uncounted) this.count(agent);
    this.uncounted.clear();
    return this.used;
  }

  /** Whether even without any past version there is more than the budget. */
  get isOver(): boolean {
    return this.used > this.bytesMax && this.past === 0;
  }

  /** Begins to hold an agent's versions, with the newest. Ends with `close`. */
  open(name: string, version: number, tree: Tree): RetainedAgent {
    const agent = new AgentVersions(name, version, tree);
    this.used += agent.liveBytes;
    this.uncounted.add(agent);
    if (this.used > this.bytesMax) this.enforce();
    return agent;
  }

  /** A new version follows the newest, which is not kept. */
  replace(agent: RetainedAgent, version: number, tree: Tree): void {
    this.used += agent.move(version, tree);
    this.guessed(agent);
    this.trim(agent);
  }

  /** A new version follows the newest, which is kept. */
  keep(agent: RetainedAgent, version: number, tree: Tree): void {
    const past = agent.keep();
    this.past += 1;
    this.used += past.bytes + agent.move(version, tree);
    this.queue.add(past);
    this.guessed(agent);
    this.trim(agent);
  }

  /** These states, and no others, are kept beside the agent's versions. Costs what they do not share with what they came from. */
  putBeside(agent: RetainedAgent, states: readonly BesideState[]): void {
    this.used += agent.putBeside(states);
    this.guessed(agent);
    if (this.used > this.bytesMax) this.enforce();
  }

  /** A version that is in memory. */
  at(agent: RetainedAgent, version: number): Tree | undefined {
    const found = this.upTo(agent, version);
    return found?.version === version ? found.tree : undefined;
  }

  /** The last version in memory that is not behind the one that is asked for: what is missing follows from it. */
  upTo(agent: RetainedAgent, version: number): { readonly version: number; readonly tree: Tree } | undefined {
    if (version >= agent.version) return agent;
    const past = agent.find(version);
    if (past !== undefined) this.queue.use(past);
    return past;
  }

  /** Lets go of all versions of an agent. Harmless when done twice. */
  close(agent: RetainedAgent): void {
    if (agent.state === 'closed') return;
    agent.state = 'closed';
    for (const past of agent.past) this.forget(past);
    agent.past = [];
    this.used -= agent.liveBytes + agent.besideBytes;
    this.uncounted.delete(agent);
    this.toleratedBytes = 0;
  }

  private guessed(agent: AgentVersions): void {
    if (agent.state === 'guessed') return;
    agent.state = 'guessed';
    this.uncounted.add(agent);
  }

  private trim(agent: AgentVersions): void {
    const [oldest] = agent.past;
    if (oldest !== undefined && oldest.version < agent.version - this.versionsMax) this.drop(oldest);
    if (this.used > this.bytesMax) this.enforce();
  }

  private enforce(): void {
    if (this.past === 0 && this.used <= this.toleratedBytes) return;
    this.countedBytes();
    if (this.used <= this.bytesMax) return;
    const target = this.bytesMax - this.queue.bytes * EVICTED_MORE;
    while (this.used > target) {
      const evicted = this.queue.evict();
      if (evicted === undefined) break;
      this.options.evicted?.({ agent: evicted.owner.name, version: evicted.version, tree: evicted.tree });
      this.drop(evicted);
    }
    this.toleratedBytes = this.used + this.bytesMax * COUNTED_AGAIN_AFTER;
  }

  private drop(past: PastVersion): void {
    this.forget(past);
    past.owner.remove(past, this.resize);
  }

  private forget(past: PastVersion): void {
    this.queue.remove(past);
    this.past -= 1;
    this.used -= past.bytes;
  }

  private count(agent: AgentVersions): void {
    const before = agent.liveBytes + agent.besideBytes;
    agent.count(this.resize);
    this.used += agent.liveBytes + agent.besideBytes - before;
  }

  private readonly resize = (past: PastVersion, bytes: number): void => {
    this.used += bytes - past.bytes;
    this.queue.resize(past, bytes);
  };
}

/** FNV-1a, 32 bits, of its agent's name and its number. */
function hashOf({ owner: { name }, version }: PastVersion): number {
  let hash = Math.imul(0x811c9dc5 ^ version, 0x01000193);
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash;
}
