/**
 * What can be asked of a swarm, by ids as text: implemented in process (`openSkep`) and through the holder's socket (`connectSkep`).
 * Every method rejects with a `SkepError`; whatever rejects has changed nothing, unless the code is `outcome-unknown`, `timeout` or `sealed`.
 */
import type { MergePoint } from '@skep/actor';
import type { AgentId, Change, Path, Value } from '@skep/kernel';
import type { Level } from '@skep/ports';
import type { AgentEvent, AgentStatus } from '@skep/protocol';
import type { SuperpositionCommand } from '@skep/state';
import type { AgentMerge, MergeRequest } from './merge/agent-merge.js';
import type { SuperpositionInfo, SuperpositionReply } from './superposition-info.js';

export interface CallOptions {
  /** A UUIDv7: the call takes effect once, however often it is sent within `LIMITS.operationWindowMs`. */
  readonly operation?: string;
  /** Refuse with `version-conflict` unless the agent is at this version. */
  readonly expectedVersion?: number;
  /** Give up waiting after this many ms (`timeout`; the call may still take effect). Default: 30 s through the socket, none in process. */
  readonly deadlineMs?: number;
}

export interface Reply {
  readonly value: Value;
  /** Version of the agent that the reply shows. */
  readonly version: number;
  /** What the acknowledged change survives. */
  readonly level: Level;
}

export interface AgentInfo {
  readonly agent: AgentId;
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
  readonly status: AgentStatus;
  readonly version: number;
  /** In memory now, or resting. */
  readonly active: boolean;
  readonly tags: readonly string[];
  /** Messages waiting in the mailbox; sent and not yet taken; timers set. */
  readonly mailbox: number;
  readonly outbox: number;
  readonly timers: number;
  /** A turn that awaits its steps: the method, else null. */
  readonly turn: string | null;
  /** Encoded size of the state in bytes; null for a resting agent. */
  readonly bytes: number | null;
  /** Milliseconds since 1970 of the last record; null when unknown. */
  readonly updatedMs: number | null;
  /** The agent that this one branched from, else null. */
  readonly branchedFrom: { readonly agent: AgentId; readonly version: number } | null;
}

export interface VersionedValue {
  readonly version: number;
  /** Content root (64 hexadecimal digits). */
  readonly root: string;
  readonly value: Value;
}

export interface CheckpointInfo {
  readonly agent: AgentId;
  readonly name: string;
  readonly version: number;
  readonly root: string;
  readonly level: Level;
}

export interface ListFilter {
  readonly tenant?: string;
  readonly kind?: string;
  readonly tag?: string;
  readonly status?: AgentStatus;
  /** At most this many (default 1,000), after this id, ascending. */
  readonly limit?: number;
  readonly after?: AgentId;
}

export interface SwarmStatus {
  readonly dir: string | null;
  readonly level: Level;
  readonly pid: number;
  readonly startedMs: number;
  readonly kinds: readonly {
    readonly kind: string;
    readonly handlers: readonly string[];
    readonly queries: readonly string[];
    readonly tags: readonly string[];
  }[];
  readonly agents: { readonly known: number; readonly active: number };
  /** Since the start of the process. */
  readonly turns: number;
  readonly failures: number;
  readonly turnsPerSecond: number;
  /** Of acknowledged turns, queue and disk included, over the last seconds. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly mailbox: number;
  readonly lane: { readonly id: string; readonly batch: number };
  /** How the last start recovered: agents brought back, in ms. */
  readonly recovery: { readonly agents: number; readonly ms: number };
  /** Agents that are not served because their log is damaged, and why. */
  readonly alarms: readonly { readonly agent: AgentId; readonly message: string }[];
  /** Versions in memory, those of agents that are active: bytes are partly guessed. Absent in a cluster. */
  readonly memory?: { readonly bytes: number; readonly bytesMax: number; readonly versions: number };
  /** In a cluster: its live nodes. The figures above are then sums over them, times those of the slowest. */
  readonly nodes?: readonly NodeFigures[];
}

export interface NodeFigures {
  readonly node: string;
  readonly incarnation: string;
  readonly status: 'serving' | 'draining' | 'leaving';
  /** Agents in memory. */
  readonly active: number;
  readonly turns: number;
  readonly failures: number;
  readonly turnsPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly mailbox: number;
  readonly startedMs: number;
}

/** An acknowledged turn as `watch` reports it. */
export interface WatchedTurn {
  readonly agent: AgentId;
  readonly version: number;
  readonly type: string;
  readonly changes: number;
  readonly timeMs: number;
}

export interface DoctorReport {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string; readonly remedy: string | null }[];
}

export interface Client {
  call(agent: AgentId, method: string, input?: Value, options?: CallOptions): Promise<Reply>;
  /** Makes the agent exist with its initial state (version 0, one record). `agent-exists` when it does. */
  create(agent: AgentId): Promise<AgentInfo>;
  /** Refuses calls with `agent-suspended` until `resume`. */
  suspend(agent: AgentId): Promise<AgentInfo>;
  /** Back to active, from suspended, stopped or quarantined. */
  resume(agent: AgentId): Promise<AgentInfo>;
  /** For good; the history stays readable. */
  terminate(agent: AgentId): Promise<AgentInfo>;
  /** `unknown-agent` for one that has no record. */
  info(agent: AgentId): Promise<AgentInfo>;
  list(filter?: ListFilter): Promise<readonly AgentInfo[]>;
  /** The newest acknowledged state; the initial one at version 0 for an agent that does not exist. */
  get(agent: AgentId): Promise<VersionedValue>;
  /** The state as it was. `unknown-version`. */
  at(agent: AgentId, version: number): Promise<VersionedValue>;
  /** Events with from <= version <= to, oldest first, at most `limit` (default 1,000) from the end. */
  history(agent: AgentId, options?: { readonly from?: number; readonly to?: number; readonly limit?: number }): Promise<readonly AgentEvent[]>;
  diff(agent: AgentId, from: number, to: number): Promise<readonly Change[]>;
  /** Names the current version durably; a name that is taken moves to it. */
  checkpoint(agent: AgentId, name: string): Promise<CheckpointInfo>;
  checkpoints(agent: AgentId): Promise<readonly CheckpointInfo[]>;
  /** A new agent of the same kind, named `name`, that starts with the state of `version` (default: the current one). */
  branch(agent: AgentId, name: string, options?: { readonly version?: number }): Promise<AgentInfo>;
  /** A new version whose state is that of an old one (a version or a checkpoint's name); the history stays. */
  restore(agent: AgentId, target: { readonly version: number } | { readonly checkpoint: string }): Promise<VersionedValue>;
  /** Brings another agent's changes into this one, in one turn. Conflicts are returned, and then nothing was changed. */
  merge(agent: AgentId, request: MergeRequest): Promise<AgentMerge>;
  /** Where the agent took over another one's state: branched off, or merged it. The oldest first. */
  merges(agent: AgentId): Promise<readonly MergePoint[]>;
  /** The event that wrote what is at a path now, or took it away; null if it is there since the agent began, or never was. */
  blame(agent: AgentId, path: Path): Promise<AgentEvent | null>;
  /** Superpositions of the agent in the order of their creation; one that collapsed is there as long as the collapse can be undone. */
  superpositions(agent: AgentId): Promise<readonly SuperpositionInfo[]>;
  /** `unknown-superposition`. */
  superposition(agent: AgentId, name: string): Promise<SuperpositionInfo>;
  /** The state of a branch; its version is the one that the branches began from. `unknown-superposition`, `branch-failed`. */
  branchState(agent: AgentId, superposition: string, branch: string): Promise<VersionedValue>;
  /** Creates a superposition, changes its branches and weights, collapses it, undoes that, ends it: one record of the agent's log. */
  superpose(agent: AgentId, command: SuperpositionCommand): Promise<SuperpositionReply>;
  status(): Promise<SwarmStatus>;
  /**
   * Acknowledged turns from now on. Returns the function that stops it. Turns may be left out when the watcher is too slow. What the
   * listener throws is an uncaught exception of its process.
   */
  watch(listener: (turns: readonly WatchedTurn[]) => void): Promise<() => void>;
  doctor(): Promise<DoctorReport>;
  close(): Promise<void>;
}
