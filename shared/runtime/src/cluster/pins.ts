/** Agents that an operator pinned to a node: one registry entry each, known to every node through a watch. */
import { type AgentId, decode, encode, type NodeId, SkepError, type UniverseId } from '@skep/kernel';
import type { Registry, RegistryEntry, Revision } from '@skep/ports';
import { entryToTell, newestEntry } from '../newest-entry.js';

const PAGE = 1_000;
const ATTEMPTS_MAX = 20;

export class Pins {
  private readonly pins = new Map<AgentId, NodeId>();
  /** The newest revision that was seen of each entry: a list may be older than what the watch told. */
  private readonly revisions = new Map<string, Revision>();
  private unwatch: (() => void) | undefined;

  constructor(
    private readonly registry: Registry,
    private readonly universe: UniverseId,
    private readonly onPin: (agent: AgentId, node: NodeId | undefined) => void,
  ) {}

  /** The node that an agent is pinned to now, also where the watch is behind. @throws SkepError `unavailable` */
  async newest(agent: AgentId): Promise<NodeId | undefined> {
    const entry = await entryToTell(this.registry, this.prefix + agent);
    if (entry !== undefined) this.take(entry);
    return this.pins.get(agent);
  }

  get all(): ReadonlyMap<AgentId, NodeId> {
    return this.pins;
  }

  watch(): void {
    this.unwatch ??= this.registry.watch(this.prefix, (entry) => this.take(entry));
  }

  /** Reads what was pinned before the watch began. May miss the newest, so it is worth repeating. @throws SkepError `unavailable` */
  async read(): Promise<void> {
    for (let after: string | undefined; ; ) {
      const page = await this.registry.list(this.prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const entry of page) this.take(entry);
      if (page.length < PAGE) return;
      after = page[page.length - 1]?.key;
    }
  }

  stop(): void {
    this.unwatch?.();
    this.unwatch = undefined;
  }

  /** `undefined` takes the pin away. @throws SkepError `unavailable`, `outcome-unknown`, `disk-full` */
  async set(agent: AgentId, node: NodeId | undefined): Promise<void> {
    const key = this.prefix + agent;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const found = await newestEntry(this.registry, key);
      if (found === undefined && node === undefined) return;
      const value = encode(node ?? null);
      const result = await this.registry.update(key, value.slice(), found?.revision ?? 0);
      if (result.kind !== 'updated') continue;
      this.take({ key, value, revision: result.revision });
      return;
    }
    throw new SkepError('unavailable', { message: 'the pin could not be written: others change it, too', id: agent });
  }

  private get prefix(): string {
    return `pin/${this.universe}/`;
  }

  private take({ key, value, revision }: RegistryEntry): void {
    if (revision <= (this.revisions.get(key) ?? 0)) return;
    this.revisions.set(key, revision);
    const agent = key.slice(this.prefix.length) as AgentId;
    const read = decode(value);
    const node = typeof read === 'string' ? (read as NodeId) : undefined;
    if (node === undefined) this.pins.delete(agent);
    else this.pins.set(agent, node);
    this.onPin(agent, node);
  }
}
