/** What the blob store holds of an agent: snapshots (the whole agent at a position) and segments (the records between two of them). */
import { type AgentId, decode, encode, type HashHex, SkepError, type Value } from '@skep/kernel';
import { isKeyedPack, packTree, type Tree, type TreeOptions, treeOf, unpackTree } from '@skep/state';
import { ActorState } from './actor-state.js';
import { missingKey } from './address-keys.js';
import { superpositionsFrom, superpositionsValue } from './superpose/superposition-value.js';

/** The newest format, of agents with superpositions; snapshots of all others have format 1. */
const SNAPSHOT_FORMAT = 2;
const SEGMENT_FORMAT = 1;

export interface Snapshot {
  readonly state: ActorState;
  readonly position: number;
  /** The segment of the records up to this snapshot; null for the first. */
  readonly segment: HashHex | null;
}

/** Consecutive records of one agent. The chain of segments is its whole history. */
export interface Segment {
  readonly agent: AgentId;
  /** Position and version before the first record. */
  readonly afterPosition: number;
  readonly afterVersion: number;
  readonly version: number;
  /** The snapshot at `afterPosition`; null for the beginning. */
  readonly base: HashHex | null;
  readonly previous: HashHex | null;
  readonly records: readonly Uint8Array[];
}

/** Bytes now, a function later: the caller decides when the segment's address is known. */
export function encodeSnapshot(state: ActorState, position: number): (segment: HashHex | null) => Uint8Array {
  const surroundings = state.surroundings();
  const { agent, tree, superpositions } = state;
  return (segment) => {
    const fields: Value[] = [1, agent, position, segment, surroundings, packTree(tree)];
    return encode(superpositions.size === 0 ? fields : [SNAPSHOT_FORMAT, ...fields.slice(1), superpositionsValue(superpositions, tree)]);
  };
}

/**
 * @param options the address key of the agent's tenant, if it has one
 * @throws SkepError `corrupt`, `unsupported-format`, `not-configured` for a snapshot under an address key that is not given
 */
export function decodeSnapshot(bytes: Uint8Array, agent: AgentId, options: TreeOptions = {}): Snapshot {
  const fields = readFields(bytes, { agent, what: 'snapshot', format: SNAPSHOT_FORMAT });
  const [, owner, position, segment, surroundings, pack, superpositions] = fields as [
    number,
    AgentId,
    number,
    HashHex | null,
    Value,
    Uint8Array,
    Value?,
  ];
  checkOwner(owner, agent);
  const state = ActorState.fromSurroundings(agent, treeIn(pack, agent, options), surroundings);
  if (superpositions !== undefined) state.superpositions = superpositionsFrom(agent, superpositions, state.tree);
  return { state, position, segment };
}

/** What was packed before its tenant had an address key is read as it is, and put under the key; the next snapshot has it so. */
function treeIn(pack: Uint8Array, agent: AgentId, options: TreeOptions): Tree {
  const hasKey = options.addressKey !== undefined;
  if (isKeyedPack(pack) === hasKey) return unpackTree(pack, options);
  if (!hasKey) throw missingKey(agent);
  return treeOf(unpackTree(pack).value(), options);
}

export function encodeSegment(segment: Segment): Uint8Array {
  const { agent, afterPosition, afterVersion, version, base, previous, records } = segment;
  return encode([SEGMENT_FORMAT, agent, afterPosition, afterVersion, version, base, previous, records]);
}

/** @throws SkepError `corrupt`, `unsupported-format` */
export function decodeSegment(bytes: Uint8Array, agent: AgentId): Segment {
  const fields = readFields(bytes, { agent, what: 'history segment', format: SEGMENT_FORMAT });
  const [, owner, afterPosition, afterVersion, version, base, previous, records] = fields as [
    number,
    AgentId,
    number,
    number,
    number,
    HashHex | null,
    HashHex | null,
    readonly Uint8Array[],
  ];
  checkOwner(owner, agent);
  return { agent, afterPosition, afterVersion, version, base, previous, records };
}

function readFields(
  bytes: Uint8Array,
  { agent, what, format }: { readonly agent: AgentId; readonly what: string; readonly format: number },
): readonly Value[] {
  let fields: Value;
  try {
    fields = decode(bytes);
  } catch (cause) {
    throw new SkepError('corrupt', { message: `a ${what} of the agent cannot be read`, id: agent, cause });
  }
  if (!Array.isArray(fields) || typeof fields[0] !== 'number')
    throw new SkepError('corrupt', { message: `a ${what} of the agent has a foreign shape`, id: agent });
  if (fields[0] > format)
    throw new SkepError('unsupported-format', { message: `a ${what} has format ${fields[0]}, this Skep reads up to ${format}`, id: agent });
  return fields;
}

function checkOwner(owner: AgentId, agent: AgentId): void {
  if (owner !== agent) throw new SkepError('corrupt', { message: `this belongs to ${owner}`, id: agent });
}
