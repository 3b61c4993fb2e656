import type { AgentId, Limits, SkepError } from '@skep/kernel';
import type { Settling, Ticket } from '@skep/lane';
import type { Blob, Clock, Level, Random } from '@skep/ports';
import type { RecordEvent } from '@skep/protocol';
import type { AddressKeys } from './address-keys.js';
import type { AnyKind } from './kind.js';
import type { Meter } from './meter.js';
import type { OtherNodes } from './other-nodes.js';

/** The lane as the actors see it; its driver performs what it wants and reports through `ActorHost`. */
export interface LaneAccess {
  readonly id: string;
  readonly released: Ticket;
  readonly acknowledgedBatch: number;
  claim(agent: AgentId): void;
  holds(agent: AgentId): boolean;
  standing(agent: AgentId): { readonly epoch: number; readonly position: number; readonly acknowledged: number };
  write(agent: AgentId, body: Uint8Array): Ticket;
  barrier(written: Ticket): Ticket;
  /** Resolves when a read that began now showed that the lane is not sealed. @throws SkepError `sealed`, `unavailable` */
  confirm(): Promise<void>;
  settle(agent: AgentId, task: Settling): boolean;
  free(agent: AgentId, task: Settling): boolean;
  trim(): void;
  /** Sends what waits and performs what the lane wants. */
  flush(): void;
  /** Whether the directory has an entry for the agent. */
  exists(agent: AgentId): Promise<boolean>;
}

/** Told which handler holds the thread; two stores, so that it costs nothing. */
export interface TurnWatch {
  label(text: string): number;
  turnStarted(agent: number, method: number): void;
  turnEnded(): void;
}

export interface CommittedTurn {
  readonly agent: AgentId;
  readonly version: number;
  readonly type: string;
  readonly changes: number;
  readonly timeMs: number;
  readonly events: readonly RecordEvent[];
}

export type CommitListener = (turns: readonly CommittedTurn[]) => void;

export interface HostOptions {
  readonly kinds: ReadonlyMap<string, AnyKind>;
  readonly lane: LaneAccess;
  readonly blob: Blob;
  readonly clock: Clock;
  readonly random: Random;
  readonly level: Level;
  readonly limits: Limits;
  readonly watch?: TurnWatch;
  /** Under which the content of tenants is hashed. */
  readonly addressKeys: AddressKeys;
  /** How often dirty agents get a snapshot. */
  readonly settleEveryMs: number;
  /** What outlives an incarnation of the node: its figures, and who watches. */
  readonly meter?: Meter;
  readonly listeners?: Set<CommitListener>;
  /** Left out where this node is the only one. */
  readonly others?: OtherNodes;
  /** An alarm: this agent is not served. */
  readonly onAlarm: (agent: AgentId, error: SkepError) => void;
}
