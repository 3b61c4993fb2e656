import { type AgentId, SkepError, type UniverseId } from '@skep/kernel';
import { type DirectoryEntry, decodeEntry, directoryPrefix } from '@skep/lane';
import type { Registry, RegistryEntry } from '@skep/ports';

export interface DirectoryRow {
  readonly agent: AgentId;
  readonly wake: boolean;
  readonly entry: DirectoryEntry;
}

const LIST_PAGE = 1_000;
/** A revision that no entry reaches. */
const NO_REVISION = Number.MAX_SAFE_INTEGER;
/** Reads in a row that may miss an entry which is known to be there. */
const STALE_READS_MAX = 16;

/**
 * The revision of the newest entry, 0 for none. Reads of the registry may be stale; a write that no entry can accept is not: its refusal names it.
 * @throws SkepError what a write is refused for, `outcome-unknown`
 */
export async function newestRevision(registry: Registry, key: string): Promise<number> {
  return (await registry.update(key, new Uint8Array(0), NO_REVISION)).revision;
}

/** The entry as it is now, not as it was. @throws SkepError as `newestRevision`, `unavailable` when no read shows it */
export async function newestEntry(registry: Registry, key: string): Promise<RegistryEntry | undefined> {
  const revision = await newestRevision(registry, key);
  if (revision === 0) return undefined;
  for (let read = 0; read < STALE_READS_MAX; read += 1) {
    const found = await registry.get(key);
    if (found !== undefined && found.revision >= revision) return found;
  }
  throw new SkepError('unavailable', { message: 'reads of the directory do not show its newest entry', id: key });
}

/** All entries of the directory after an agent, ascending. */
export async function* listDirectory(
  registry: Registry,
  { universe, timeline }: { readonly universe: UniverseId; readonly timeline: number },
  after?: AgentId,
): AsyncGenerator<DirectoryRow> {
  const prefix = directoryPrefix(universe, timeline);
  for (let last = after === undefined ? undefined : prefix + after; ; ) {
    const page = await registry.list(prefix, { limit: LIST_PAGE, ...(last === undefined ? {} : { after: last }) });
    for (const { key, value } of page) {
      const entry = decodeEntry(value, key);
      yield { agent: key.slice(prefix.length) as AgentId, wake: entry.wake, entry };
    }
    if (page.length < LIST_PAGE) return;
    last = page[page.length - 1]?.key;
  }
}
