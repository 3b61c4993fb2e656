/** The log, the directory and the blob store of a world: what survives every node. Immutable, so that worlds share it. */
import { type AgentId, agentId, type HashHex, type LaneId } from '@skep/kernel';
import { type Answer, type Batch, type DirectoryEntry, decodeBatch, type LaneRequest } from '@skep/lane';

/** The agents of a world, by their numbers. */
export const AGENTS: readonly AgentId[] = ['a', 'b'].map((name) => agentId({ tenant: 'default', kind: 'walked', name }));

export interface StoredEntry {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly batch: Batch;
}

export interface StoredLane {
  readonly entries: readonly StoredEntry[];
  /** Counts all entries that there ever were, like a real log. */
  readonly sequence: number;
  /** Its number among shapes, once it is known; 0 before. */
  shape: number;
}

export interface Storage {
  /** One a node, in their order. */
  readonly lanes: readonly StoredLane[];
  /** Of each agent every state that its directory entry had; index = revision - 1. */
  readonly directories: readonly (readonly DirectoryEntry[])[];
  readonly snapshots: ReadonlyMap<string, readonly number[]>;
}

/** What takes effect in storage. A trim is a request that nobody awaits, and may be late. */
export type Effect =
  | Extract<LaneRequest, { kind: 'append' | 'last' | 'update' }>
  | { readonly kind: 'trim'; readonly lane: LaneId; readonly below: number };

export function emptyStorage(lanes: number, agents: number): Storage {
  return {
    lanes: Array.from({ length: lanes }, () => ({ entries: [], sequence: 0, shape: 0 })),
    directories: Array.from({ length: agents }, () => []),
    snapshots: new Map(),
  };
}

export function laneNumber(lane: LaneId): number {
  return Number(lane.slice(lane.lastIndexOf('n') + 1));
}

export function agentNumber(agent: AgentId): number {
  return AGENTS.indexOf(agent);
}

export function lastSequence(lane: StoredLane): number {
  return lane.entries[lane.entries.length - 1]?.sequence ?? 0;
}

/** A log whose entries are all gone accepts "expected 0" again, as a purged stream does. */
export function applyTo(storage: Storage, effect: Effect): { readonly storage: Storage; readonly answer: Answer } {
  switch (effect.kind) {
    case 'append': {
      const lane = storage.lanes[laneNumber(effect.lane)] as StoredLane;
      if (lastSequence(lane) !== effect.expected) return { storage, answer: { kind: 'conflict' } };
      const sequence = lane.sequence + 1;
      const entry = { sequence, bytes: effect.bytes, batch: decodeBatch(effect.bytes) };
      return {
        storage: withLane(storage, effect.lane, { entries: [...lane.entries, entry], sequence, shape: 0 }),
        answer: { kind: 'appended', sequence },
      };
    }
    case 'last': {
      const { entries } = storage.lanes[laneNumber(effect.lane)] as StoredLane;
      return { storage, answer: { kind: 'last', entry: entries[entries.length - 1] } };
    }
    case 'update': {
      const agent = agentNumber(effect.agent);
      const before = storage.directories[agent] as readonly DirectoryEntry[];
      if (before.length !== effect.expected) return { storage, answer: { kind: 'conflict' } };
      const directories = storage.directories.map((each, index) => (index === agent ? [...before, effect.entry] : each));
      return { storage: { ...storage, directories }, answer: { kind: 'updated', revision: before.length + 1 } };
    }
    case 'trim': {
      const lane = storage.lanes[laneNumber(effect.lane)] as StoredLane;
      const entries = lane.entries.filter((entry) => entry.sequence >= effect.below);
      return { storage: withLane(storage, effect.lane, { ...lane, entries, shape: 0 }), answer: { kind: 'unknown' } };
    }
  }
}

export function readDirectory(storage: Storage, agent: number, revision: number): Answer {
  return { kind: 'entry', entry: revision === 0 ? undefined : storage.directories[agent]?.[revision - 1], revision };
}

export function newestRevision(storage: Storage, agent: number): number {
  return (storage.directories[agent] as readonly DirectoryEntry[]).length;
}

/** Puts a snapshot where any node finds it. */
export function withSnapshot(storage: Storage, state: readonly number[]): { readonly storage: Storage; readonly blob: HashHex } {
  const blob = `blob:${state.join('.')}` as HashHex;
  if (storage.snapshots.has(blob)) return { storage, blob };
  return { storage: { ...storage, snapshots: new Map(storage.snapshots).set(blob, state) }, blob };
}

/**
 * What a node would find that took the agent over now: a fold of the newest entry's ranges as dumb as can be. Undefined when the records
 * do not follow each other.
 */
export function historyIn(storage: Storage, agent: number): readonly number[] {
  const entry = storage.directories[agent]?.[newestRevision(storage, agent) - 1];
  if (entry === undefined) return [];
  const state = entry.snapshot === null ? [] : [...(storage.snapshots.get(entry.snapshot.blob) ?? [])];
  const open = { lane: entry.owner, from: entry.since, upTo: Number.POSITIVE_INFINITY, epoch: entry.epoch };
  for (const range of entry.free ? entry.trail : [...entry.trail, open]) {
    for (const { batch } of (storage.lanes[laneNumber(range.lane)] as StoredLane).entries) {
      if (batch.number < range.from || batch.number > range.upTo) continue;
      for (const { agent: of, position, epoch, body } of batch.records) {
        if (of === AGENTS[agent] && epoch === range.epoch && position === state.length + 1) state.push(body[0] as number);
      }
    }
  }
  return state;
}

function withLane(storage: Storage, id: LaneId, lane: StoredLane): Storage {
  const number = laneNumber(id);
  return { ...storage, lanes: storage.lanes.map((each, index) => (index === number ? lane : each)) };
}

export function decodedLabel(bytes: Uint8Array): string {
  const batch = decodeBatch(bytes);
  return batch.kind === 'seal' ? `seal ${batch.number}` : `batch ${batch.number} [${batch.records.map((record) => record.body[0])}]`;
}
