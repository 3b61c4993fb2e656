import type { AgentId, UniverseId } from '@skep/kernel';
import { type DirectoryEntry, decodeEntry, directoryPrefix } from '@skep/lane';
import type { Registry } from '@skep/ports';

export interface DirectoryRow {
  readonly agent: AgentId;
  readonly wake: boolean;
  readonly entry: DirectoryEntry;
}

const LIST_PAGE = 1_000;

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
