/**
 * An agent's past: its last versions as they are in memory; what is not there any more is folded from the chain of segments in the blob
 * store and the records since the last snapshot.
 *
 *   base snapshot -> records -> base snapshot -> records -> ... -> last settled -> tail
 */
import { type Change, type HashHex, SkepError } from '@skep/kernel';
import type { Ticket } from '@skep/lane';
import type { Blob } from '@skep/ports';
import { type AgentEvent, type AgentRecord, decodeRecord } from '@skep/protocol';
import { diff, type Edit, type RetainedVersions, type Tree } from '@skep/state';
import type { Activation } from './activation.js';
import type { AddressKeys } from './address-keys.js';
import { type MergePoint, mergePointOf } from './merge-point.js';
import { originOf } from './origin.js';
import { decodeSegment, decodeSnapshot, type Segment } from './snapshot.js';

export interface VersionedTree {
  readonly version: number;
  readonly tree: Tree;
}

export interface HistoryRange {
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

const HISTORY_LIMIT = 1000;

/** Consecutive records and the content before the first of them. */
interface Stretch {
  readonly base: () => Promise<Tree>;
  readonly afterPosition: number;
  readonly afterVersion: number;
  readonly version: number;
  readonly records: readonly Uint8Array[];
}

export class Historian {
  constructor(
    private readonly blob: Blob,
    /** What the agent's kind says today; asked only where the first record does not say it. */
    private readonly initialTree: (activation: Activation) => Tree,
    private readonly addressKeys: AddressKeys,
    /** The last versions, as far as they are in memory. */
    private readonly retained: RetainedVersions,
    /** Resolves when what was written up to the ticket is acknowledged: nothing else is shown (L6). */
    private readonly passed: (ticket: Ticket) => Promise<void>,
  ) {}

  /** The content as it was. @throws SkepError `unknown-version` */
  async at(activation: Activation, version: number): Promise<VersionedTree> {
    const ticket = activation.lastTicket;
    const found = await this.unacknowledgedAt(activation, version);
    await this.passed(ticket);
    return found;
  }

  private async unacknowledgedAt(activation: Activation, version: number): Promise<VersionedTree> {
    const state = activation.ready;
    if (!Number.isSafeInteger(version) || version < 0 || version > state.version) {
      throw new SkepError('unknown-version', {
        message: `version ${version} does not exist; the agent is at ${state.version}`,
        id: activation.agent,
      });
    }
    if (version === state.version) return { version, tree: state.tree };
    const kept = activation.versions && this.retained.upTo(activation.versions, version);
    if (kept?.version === version) return { version, tree: kept.tree };
    for await (const stretch of this.stretches(activation)) {
      if (version < stretch.afterVersion) continue;
      const from = kept !== undefined && kept.version >= stretch.afterVersion ? kept : { version: stretch.afterVersion, tree: await stretch.base() };
      return { version, tree: this.rolledOn(activation, stretch.records, from, version) };
    }
    throw new SkepError('corrupt', { message: `the history of the agent does not reach back to version ${version}`, id: activation.agent });
  }

  /** The content at a version, from an earlier one and the records between them. */
  private rolledOn({ agent }: Activation, records: readonly Uint8Array[], from: VersionedTree, version: number): Tree {
    const recordAt = (at: number): AgentRecord => decodeRecord(records[at] as Uint8Array, agent);
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (recordAt(middle).version <= from.version) low = middle + 1;
      else high = middle;
    }
    let { tree, version: reached } = from;
    for (let at = low; at < records.length && reached < version; at += 1) {
      const record = recordAt(at);
      tree = tree.apply(editsOf(record));
      reached = record.version;
    }
    return tree;
  }

  async diff(activation: Activation, from: number, to: number): Promise<readonly Change[]> {
    const before = await this.at(activation, from);
    const after = await this.at(activation, to);
    return diff(before.tree, after.tree);
  }

  /** Events with from <= version <= to, oldest first; of more than `limit` the newest. */
  async events(
    activation: Activation,
    { from = 0, to = Number.MAX_SAFE_INTEGER, limit = HISTORY_LIMIT }: HistoryRange,
  ): Promise<readonly AgentEvent[]> {
    const stretches: AgentEvent[][] = [];
    let count = 0;
    const ticket = activation.lastTicket;
    for await (const stretch of this.stretches(activation)) {
      // Records that changed nothing carry the version before them, so a stretch may begin with some of version `to`.
      if (stretch.afterVersion > to) continue;
      const events = await this.eventsOf(activation, stretch, from, to);
      stretches.push(events);
      count += events.length;
      if (count >= limit || stretch.afterVersion < from) break;
    }
    await this.passed(ticket);
    const all = stretches.reverse().flat();
    return all.length > limit ? all.slice(all.length - limit) : all;
  }

  /** All events, read as far back as the caller goes. */
  async *newestFirst(activation: Activation): AsyncGenerator<AgentEvent> {
    const stretches = this.stretches(activation);
    await this.passed(activation.lastTicket);
    for await (const stretch of stretches) yield* (await this.eventsOf(activation, stretch, 0, Number.MAX_SAFE_INTEGER)).reverse();
  }

  /** The oldest first. Looks through the whole history, without making its states. */
  async mergePoints(activation: Activation): Promise<readonly MergePoint[]> {
    const ticket = activation.lastTicket;
    const points: MergePoint[] = [];
    for await (const stretch of this.stretches(activation)) {
      const found = [...this.recordsOf(activation, stretch)].flatMap((record) => mergePointOf(record) ?? []);
      points.unshift(...found);
    }
    await this.passed(ticket);
    return points;
  }

  private async eventsOf(activation: Activation, stretch: Stretch, from: number, to: number): Promise<AgentEvent[]> {
    let tree = await stretch.base();
    let position = stretch.afterPosition;
    const events: AgentEvent[] = [];
    for (const record of this.recordsOf(activation, stretch)) {
      position += 1;
      const wanted = record.version >= from && record.version <= to;
      if (record.kind !== 'turn') continue;
      for (let index = 0; index < record.events.length; index += 1) {
        const { type, data, edits } = record.events[index] as (typeof record.events)[number];
        const next = edits.length === 0 ? tree : tree.apply(edits);
        if (wanted) events.push(eventOf(activation, record, { index, position, type, data, changes: changesOf(tree, edits) }));
        tree = next;
      }
    }
    return events;
  }

  /** Newest first. */
  private async *stretches(activation: Activation): AsyncGenerator<Stretch> {
    const { settled, tail, position, agent } = activation;
    // Captured before the first await: turns go on meanwhile.
    const version = activation.ready.version;
    if (tail.length > 0) {
      const records = [...tail];
      yield {
        base: () => this.baseOf(activation, settled.blob, records),
        afterPosition: position - tail.length,
        afterVersion: settled.version,
        version,
        records,
      };
    }
    for (let address = settled.segment; address !== null; ) {
      const segment: Segment = decodeSegment(await this.read(agent, address), agent);
      const { base, records, afterPosition, afterVersion } = segment;
      yield { base: () => this.baseOf(activation, base, records), afterPosition, afterVersion, version: segment.version, records };
      address = segment.previous;
    }
  }

  /** The content before the records, which follow that snapshot; without one they are the agent's first. */
  private async baseOf(activation: Activation, snapshot: HashHex | null, [first]: readonly Uint8Array[]): Promise<Tree> {
    const { agent, address } = activation;
    const options = this.addressKeys.optionsOf(address.tenant);
    if (snapshot !== null) return decodeSnapshot(await this.read(agent, snapshot), agent, options).state.tree;
    return originOf(first === undefined ? undefined : decodeRecord(first, agent), () => this.initialTree(activation), options);
  }

  private async read(agent: string, address: HashHex): Promise<Uint8Array> {
    const bytes = await this.blob.get(address);
    if (bytes === undefined) throw new SkepError('corrupt', { message: `a part of the agent's history is gone: blob ${address}`, id: agent });
    return bytes;
  }

  private *recordsOf(activation: Activation, stretch: Stretch): Generator<AgentRecord> {
    for (const body of stretch.records) yield decodeRecord(body, activation.agent);
  }
}

function editsOf(record: AgentRecord): readonly Edit[] {
  return record.kind === 'turn' ? record.events.flatMap((event) => event.edits) : [];
}

/** Edits with the old values that they replaced. */
function changesOf(before: Tree, edits: readonly Edit[]): readonly Change[] {
  let tree = before;
  return edits.map((edit): Change => {
    const at = tree;
    tree = tree.apply([edit]);
    if (edit.kind === 'create') return { kind: 'create', path: edit.path, new: edit.new };
    const old = at.get(edit.path) ?? null;
    return edit.kind === 'delete' ? { kind: 'delete', path: edit.path, old } : { kind: 'update', path: edit.path, old, new: edit.new };
  });
}

function eventOf(
  activation: Activation,
  record: AgentRecord,
  event: {
    readonly index: number;
    readonly position: number;
    readonly type: string;
    readonly data: AgentEvent['data'];
    readonly changes: readonly Change[];
  },
): AgentEvent {
  const { cause } = record;
  const { index, position, type, data, changes } = event;
  const causationId = cause.kind === 'message' ? `${cause.from}>${cause.sequence}` : cause.kind === 'timer' ? `timer:${cause.name}` : cause.operation;
  return {
    id: `${activation.agent}#${position}.${index}`,
    type,
    agent: activation.agent,
    position,
    version: record.version,
    timeMs: record.ms,
    causationId,
    correlationId: record.correlation,
    source: cause.kind,
    data,
    changes,
  };
}
