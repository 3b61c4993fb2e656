/**
 * The ledger of a folder that nobody holds: what its lanes and its blobs say, read without a node. Records that were trimmed from the lanes
 * lie in segments, a chain from each agent's snapshot back to its beginning.
 */
import { type ActorState, decodeSegment, decodeSnapshot } from '@skep/actor';
import { type AgentId, decode, type HashHex, type LaneId, type Value } from '@skep/kernel';
import { decodeBatch, decodeEntry, directoryPrefix, type SnapshotReference } from '@skep/lane';
import type { Ports } from '@skep/ports';
import { decodeRecord } from '@skep/protocol';
import { agentLedger, type Ledger, type LedgerRecord } from '../invariants/ledger.js';
import { type Broken, broken } from '../invariants/violation.js';

export interface StoredLedger {
  readonly ledger: Ledger;
  /** The newest snapshot of each agent that has one. */
  readonly snapshots: readonly { readonly agent: AgentId; readonly position: number; readonly state: ActorState }[];
  readonly broken: readonly Broken[];
}

export type Store = Pick<Ports, 'log' | 'registry' | 'blob'>;

const UNIVERSE = 'main';
const PAGE = 1_000;

export async function readStored(store: Store, initialOf: (agent: AgentId) => Value, universe: string = UNIVERSE): Promise<StoredLedger> {
  const found = new Map<AgentId, Map<number, LedgerRecord & { readonly body: Uint8Array }>>();
  const problems: Broken[] = [];
  const snapshots: { agent: AgentId; position: number; state: ActorState }[] = [];
  const { timeline, lanes } = await universeOf(store, universe);
  const add = (agent: AgentId, body: Uint8Array, place: { readonly epoch: number; readonly position: number }) => {
    const records = found.get(agent) ?? new Map();
    found.set(agent, records);
    const known = records.get(place.position);
    if (known === undefined) records.set(place.position, { ...place, incarnation: 0, record: decodeRecord(body, agent), body });
    else if (!Buffer.from(known.body).equals(Buffer.from(body))) problems.push(broken('I2', `${agent}: there are two records ${place.position}`));
  };
  const prefix = directoryPrefix(universe as never, timeline);
  for (let after: string | undefined; ; ) {
    const page = await store.registry.list(prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { key, value } of page) {
      const agent = key.slice(prefix.length) as AgentId;
      const entry = decodeEntry(value, key);
      lanes.add(entry.owner);
      for (const range of entry.trail) lanes.add(range.lane);
      if (entry.snapshot !== null) snapshots.push(await readSegments(store, agent, entry.snapshot, add));
    }
    if (page.length < PAGE) break;
    after = page[page.length - 1]?.key;
  }
  for (const lane of lanes) for await (const { agent, body, epoch, position } of recordsOf(store, lane)) add(agent, body, { epoch, position });
  const ledger = new Map([...found].map(([agent, records]) => [agent, agentLedger(agent, initialOf(agent), [...records.values()])] as const));
  return { ledger, snapshots, broken: problems };
}

/** Epochs of records in segments are not kept: 0 stands for them. */
async function readSegments(
  { blob }: Store,
  agent: AgentId,
  reference: SnapshotReference,
  add: (agent: AgentId, body: Uint8Array, place: { readonly epoch: number; readonly position: number }) => void,
) {
  const read = async (hash: HashHex): Promise<Uint8Array> => {
    const bytes = await blob.get(hash);
    if (bytes === undefined) throw new Error(`a blob of ${agent} is gone: ${hash}`);
    return bytes;
  };
  const { state, segment, position } = decodeSnapshot(await read(reference.blob), agent);
  for (let address = segment; address !== null; ) {
    const { records, afterPosition, previous } = decodeSegment(await read(address), agent);
    for (const [index, body] of records.entries()) add(agent, body, { epoch: 0, position: afterPosition + index + 1 });
    address = previous;
  }
  return { agent, position, state };
}

async function* recordsOf({ log }: Store, lane: LaneId) {
  for (let from = 0; ; ) {
    const entries = await log.read(lane, from);
    for (const { bytes } of entries) yield* decodeBatch(bytes).records;
    const last = entries[entries.length - 1];
    if (last === undefined) return;
    from = last.sequence + 1;
  }
}

async function universeOf({ registry }: Store, universe: string): Promise<{ readonly timeline: number; readonly lanes: Set<LaneId> }> {
  const entry = await registry.get(`universe/${universe}`);
  if (entry === undefined) throw new Error('there is no universe');
  const [, timeline, , open, unclaimed] = decode(entry.value) as [number, number, string, LaneId[], LaneId[]];
  return { timeline, lanes: new Set([...open, ...unclaimed]) };
}
