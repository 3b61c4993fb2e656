/**
 * Versions that memory had no room for, in a blob store. What is evicted together is kept together: of each agent one blob, a chain of a pack
 * and deltas, compressed where that gains.
 *
 * - K1 A version is readable from the moment it is taken: before it is written, from memory.
 * - K2 Of one agent the versions up to `versionsMax` behind the newest taken one stay; blobs that hold only older ones are deleted. A blob
 *   names its agent, so it is nobody else's.
 * - K3 What cannot be written waits for the next write, up to `PENDING_MAX` versions; beyond that the oldest are given up.
 */
import { decode, encode, type HashHex, LIMITS, SkepError, type Value } from '@skep/kernel';
import type { Blob, Compressor } from '@skep/ports';
import { ChainWriter, readChain } from '../compact/chain.js';
import { CompressorChoice } from '../compact/compressor-choice.js';
import { isDelta } from '../compact/delta.js';
import { openEnvelope } from '../compact/envelope.js';
import type { Tree, TreeOptions } from '../tree.js';

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

interface ColdBlob {
  readonly address: HashHex;
  /** Ascending. */
  readonly versions: readonly number[];
}

const PENDING_MAX = 4_096;

export class ColdVersions {
  private readonly blobs = new Map<string, ColdBlob[]>();
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
    const found = this.blobs.get(agent)?.find(({ versions }) => versions.includes(version));
    if (found === undefined) return undefined;
    const bytes = await this.blob.get(found.address);
    if (bytes === undefined) throw new SkepError('corrupt', { message: `versions of an agent are gone: blob ${found.address}`, id: agent });
    const parts = this.partsOf(bytes, agent, found).slice(0, found.versions.indexOf(version) + 1);
    return readChain(parts.slice(parts.findLastIndex((part) => !isDelta(part))), this.options);
  }

  /** Deletes all versions of an agent. */
  async forget(agent: string): Promise<void> {
    this.pending = this.pending.filter((evicted) => evicted.agent !== agent);
    await this.work.catch(() => {});
    const blobs = this.blobs.get(agent) ?? [];
    this.blobs.delete(agent);
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
    const ascending = evicted.toSorted((one, other) => one.version - other.version);
    const chain = new ChainWriter();
    const parts = ascending.map(({ tree }) => chain.next(tree).bytes);
    const versions = ascending.map(({ version }) => version);
    const address = await this.blob.put(this.choice.wrap(agent.slice(0, agent.lastIndexOf('/') + 1), encode({ agent, versions, parts })));
    const blobs = this.blobs.get(agent) ?? [];
    this.blobs.set(agent, blobs);
    blobs.push({ address, versions });
    await this.trim(agent, blobs);
  }

  private async trim(agent: string, blobs: readonly ColdBlob[]): Promise<void> {
    const newest = Math.max(...blobs.map(({ versions }) => versions.at(-1) ?? 0));
    const isOld = ({ versions }: ColdBlob) => (versions.at(-1) ?? 0) < newest - this.versionsMax;
    this.blobs.set(
      agent,
      blobs.filter((each) => !isOld(each)),
    );
    await Promise.all(blobs.filter(isOld).map(({ address }) => this.blob.delete(address)));
  }

  private partsOf(bytes: Uint8Array, agent: string, { versions }: ColdBlob): readonly Uint8Array[] {
    const content: Value = decode(openEnvelope(bytes, this.options.compressors ?? []));
    const parts = (content as { readonly parts?: unknown }).parts;
    if (Array.isArray(parts) && parts.length === versions.length && parts.every((part) => part instanceof Uint8Array)) return parts;
    throw new SkepError('malformed', { message: 'these are no versions of an agent', id: agent });
  }
}
