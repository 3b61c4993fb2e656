/**
 * Versions that memory had no room for, in a blob store: of each agent a few blobs, each a chain of a pack and deltas, compressed where that
 * gains. What is evicted later goes on the chain of the newest blob while that is short, so an agent takes little of the memory either.
 *
 * - K1 A version is readable from the moment it is taken: before it is written, from memory.
 * - K2 Of one agent the versions up to `versionsMax` behind the newest taken one stay; blobs that hold only older ones are deleted. A blob
 *   names its agent, so it is nobody else's. One that is written again is deleted after the new one is there.
 * - K3 What cannot be written waits for the next write, up to `PENDING_MAX` versions; beyond that the oldest are given up.
 */
import { decode, encode, LIMITS, SkepError } from '@skep/kernel';
import type { Blob, Compressor } from '@skep/ports';
import { ChainWriter, readChain } from '../compact/chain.js';
import { CompressorChoice } from '../compact/compressor-choice.js';
import { isDelta } from '../compact/delta.js';
import { openEnvelope } from '../compact/envelope.js';
import type { Tree, TreeOptions } from '../tree.js';
import { type ColdBlob, ColdIndex } from './cold-index.js';

export interface ColdOptions extends TreeOptions {
  readonly compressors?: readonly Compressor[];
  /** Default: `LIMITS.versionsRetained`. */
  readonly versionsMax?: number;
}

export interface EvictedVersion {
  readonly agent: string;
  readonly version: number;
  readonly tree: Tree;
}

interface ColdContent {
  /** In the order in which they were taken. */
  readonly versions: readonly number[];
  readonly parts: readonly Uint8Array[];
}

const PENDING_MAX = 4_096;
/** A blob that is longer, as stored, is not written again with more versions. */
const REWRITTEN_BYTES_MAX = 16_384;

export class ColdVersions {
  private readonly index = new ColdIndex();
  private pending: EvictedVersion[] = [];
  private writing: readonly EvictedVersion[] = [];
  private work: Promise<void> = Promise.resolve();
  private readonly choice: CompressorChoice;
  private readonly versionsMax: number;

  constructor(
    private readonly blob: Blob,
    private readonly options: ColdOptions = {},
  ) {
    this.choice = new CompressorChoice(options.compressors ?? []);
    this.versionsMax = options.versionsMax ?? LIMITS.versionsRetained;
  }

  /** Versions that wait to be written. */
  get waiting(): number {
    return this.pending.length + this.writing.length;
  }

  /** Takes a version that is evicted; `flush` writes it. */
  take(evicted: EvictedVersion): void {
    this.pending.push(evicted);
    if (this.pending.length > PENDING_MAX) this.pending.shift();
  }

  /** Writes what was taken. Rejects with what the store says; what was not written waits for the next time. */
  flush(): Promise<void> {
    this.work = this.work.catch(() => {}).then(() => this.write());
    return this.work;
  }

  /** @throws SkepError what reading a chain throws, `corrupt` where the blob is gone */
  async at(agent: string, version: number): Promise<Tree | undefined> {
    const isIt = (evicted: EvictedVersion) => evicted.agent === agent && evicted.version === version;
    const waiting = this.pending.find(isIt) ?? this.writing.find(isIt);
    if (waiting !== undefined) return waiting.tree;
    for (const blob of this.index.get(agent)) {
      if (version < blob.from || version > blob.to) continue;
      const bytes = await this.blob.get(blob.address);
      // It may have been written again with more, or deleted with all that is old.
      if (bytes === undefined && !this.index.get(agent).some(({ address }) => address === blob.address)) return this.at(agent, version);
      const { versions, parts } = this.contentOf(bytes, blob, agent);
      const at = versions.indexOf(version);
      if (at >= 0) return readChain(lastChain(parts.slice(0, at + 1)), this.options);
    }
    return undefined;
  }

  /** Deletes all versions of an agent. */
  async forget(agent: string): Promise<void> {
    await this.work.catch(() => {});
    // Afterwards: what could not be written waits again.
    this.pending = this.pending.filter((evicted) => evicted.agent !== agent);
    const blobs = this.index.get(agent);
    this.index.set(agent, []);
    await Promise.all(blobs.map(({ address }) => this.blob.delete(address)));
  }

  private async write(): Promise<void> {
    const groups = new Map<string, EvictedVersion[]>();
    for (const evicted of this.pending) {
      const group = groups.get(evicted.agent);
      if (group === undefined) groups.set(evicted.agent, [evicted]);
      else group.push(evicted);
    }
    this.writing = this.pending;
    this.pending = [];
    try {
      for (const [agent, evicted] of groups) {
        await this.writeAgent(agent, evicted);
        this.writing = this.writing.filter((each) => each.agent !== agent);
      }
    } catch (error) {
      this.pending = [...this.writing, ...this.pending].slice(-PENDING_MAX);
      throw error;
    } finally {
      this.writing = [];
    }
  }

  private async writeAgent(agent: string, evicted: readonly EvictedVersion[]): Promise<void> {
    const blobs = this.index.get(agent);
    const [last] = blobs;
    const ascending = evicted.toSorted((one, other) => one.version - other.version);
    const added = ascending.map(({ version }) => version);
    const known = last === undefined || Math.max(...added) - last.from > this.versionsMax ? undefined : await this.short(agent, last);
    const chain = known === undefined ? new ChainWriter() : ChainWriter.after(lastChain(known.parts), this.options);
    const parts = [...(known?.parts ?? []), ...ascending.map(({ tree }) => chain.next(tree).bytes)];
    const versions = [...(known?.versions ?? []), ...added];
    const bytes = this.choice.wrap(agent.slice(0, agent.lastIndexOf('/') + 1), encode({ agent, versions, parts }));
    const written = { address: await this.blob.put(bytes), from: Math.min(...versions), to: Math.max(...versions) };
    const all = [written, ...(known === undefined ? blobs : blobs.slice(1))];
    const newest = Math.max(...all.map(({ to }) => to));
    const isOld = ({ to }: ColdBlob) => to < newest - this.versionsMax;
    this.index.set(
      agent,
      all.filter((each) => !isOld(each)),
    );
    const gone = all.filter(isOld);
    if (known !== undefined && last !== undefined && last.address !== written.address) gone.push(last);
    await Promise.all(gone.map(({ address }) => this.blob.delete(address)));
  }

  /** What is in a blob that is short enough to be written again. */
  private async short(agent: string, blob: ColdBlob): Promise<ColdContent | undefined> {
    const bytes = await this.blob.get(blob.address);
    return bytes !== undefined && bytes.length > REWRITTEN_BYTES_MAX ? undefined : this.contentOf(bytes, blob, agent);
  }

  private contentOf(bytes: Uint8Array | undefined, { address }: ColdBlob, agent: string): ColdContent {
    if (bytes === undefined) throw new SkepError('corrupt', { message: `versions of an agent are gone: blob ${address}`, id: agent });
    const content = decode(openEnvelope(bytes, this.options.compressors ?? [])) as Partial<Record<keyof ColdContent, unknown>> | null;
    const { versions, parts } = content ?? {};
    if (isListOf(versions, Number.isSafeInteger) && isListOf(parts, (part) => part instanceof Uint8Array) && versions.length === parts.length) {
      return { versions: versions as readonly number[], parts: parts as readonly Uint8Array[] };
    }
    throw new SkepError('malformed', { message: 'these are no versions of an agent', id: agent });
  }
}

/** From the last pack on. */
function lastChain(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  return parts.slice(parts.findLastIndex((part) => !isDelta(part)));
}

function isListOf(value: unknown, test: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(test);
}
