/**
 * LangGraph.js beside us, where it is installed: what its savers keep of the same states. Nothing of it is a dependency; it is looked up in
 * a folder that its user names.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What we use of a saver. */
interface Saver {
  put(config: object, checkpoint: object, metadata: object, versions: object): Promise<object>;
}

interface MemorySaver extends Saver {
  /** By thread, namespace and checkpoint: the serialised checkpoint, its metadata, the id of its parent. */
  readonly storage: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>>>;
}

interface SqliteSaver extends Saver {
  readonly db: { pragma(text: string, options: { readonly simple: true }): unknown; close(): void };
}

interface Core {
  emptyCheckpoint(): object;
  uuid6(step: number): string;
  readonly MemorySaver: new () => MemorySaver;
}

interface Sqlite {
  readonly SqliteSaver: { fromConnString(path: string): SqliteSaver };
}

export interface SaverBytes {
  /** Checkpoints and metadata, as it serialised them. */
  readonly memorySaver: number;
  /** Pages of a database that holds nothing else; undefined where it cannot be loaded. */
  readonly sqliteSaver: number | undefined;
}

export type Savers = FoundSavers | { readonly kind: 'skipped'; readonly why: string };

interface FoundSavers {
  readonly kind: 'found';
  /** Why one of them is left out. */
  readonly why: string | undefined;
  measure(states: readonly object[]): Promise<SaverBytes>;
}

const THREAD = 'agent';

/** @param dir a folder in which the savers are installed; undefined where there is none */
export async function findSavers(dir: string | undefined): Promise<Savers> {
  if (dir === undefined) return { kind: 'skipped', why: 'LangGraph.js is not installed; name a folder that has it with --peers' };
  try {
    const core = (await load(dir, '@langchain/langgraph-checkpoint')) as Core;
    const { sqlite, why } = await loadSqlite(dir);
    return { kind: 'found', why, measure: (states) => measure(core, sqlite, states) };
  } catch (error) {
    return { kind: 'skipped', why: `the savers of LangGraph.js cannot be loaded from ${dir}: ${reasonOf(error)}` };
  }
}

/** It has a native part, which may be missing where the rest is installed. */
async function loadSqlite(dir: string): Promise<{ readonly sqlite: Sqlite | undefined; readonly why: string | undefined }> {
  try {
    const sqlite = (await load(dir, '@langchain/langgraph-checkpoint-sqlite')) as Sqlite;
    sqlite.SqliteSaver.fromConnString(':memory:').db.close();
    return { sqlite, why: undefined };
  } catch (error) {
    return { sqlite: undefined, why: `its SqliteSaver cannot be loaded from ${dir}: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}

function load(dir: string, name: string): Promise<unknown> {
  const { resolve } = createRequire(join(dir, 'package.json'));
  return import(pathToFileURL(resolve(name)).href);
}

async function measure(core: Core, sqlite: Sqlite | undefined, states: readonly object[]): Promise<SaverBytes> {
  const memory = new core.MemorySaver();
  await putAll(core, memory, states);
  return { memorySaver: bytesOf(memory), sqliteSaver: sqlite && (await measureSqlite(core, sqlite, states)) };
}

async function measureSqlite(core: Core, { SqliteSaver }: Sqlite, states: readonly object[]): Promise<number> {
  const saver = SqliteSaver.fromConnString(':memory:');
  try {
    await putAll(core, saver, states);
    return Number(saver.db.pragma('page_count', { simple: true })) * Number(saver.db.pragma('page_size', { simple: true }));
  } finally {
    saver.db.close();
  }
}

/** One checkpoint a state; a channel for each of its fields, as a graph over it would have. */
async function putAll(core: Core, saver: Saver, states: readonly object[]): Promise<void> {
  let config: object = { configurable: { thread_id: THREAD, checkpoint_ns: '' } };
  for (const [at, state] of states.entries()) {
    const step = at + 1;
    const versions = Object.fromEntries(Object.keys(state).map((channel) => [channel, step]));
    const checkpoint = { ...core.emptyCheckpoint(), id: core.uuid6(step), channel_values: state, channel_versions: versions };
    config = await saver.put(config, checkpoint, { source: 'loop', step, parents: {} }, versions);
  }
}

function bytesOf({ storage }: MemorySaver): number {
  let bytes = 0;
  for (const namespace of Object.values(storage[THREAD] ?? {})) {
    for (const parts of Object.values(namespace)) for (const part of parts) bytes += part instanceof Uint8Array ? part.length : 0;
  }
  return bytes;
}
