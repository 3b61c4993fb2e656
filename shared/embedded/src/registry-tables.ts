import type { RegistryEntry, UpdateResult } from '@skep/ports';
import type { Database, Statement } from './database.js';

export const REGISTRY_SCHEMA = `
  CREATE TABLE IF NOT EXISTS registry (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
`;

/** Keys are escaped tokens, so plain ASCII: this sorts behind whatever may follow a prefix. */
const ABOVE_EVERY_KEY = '\u{10ffff}';

/** The registry in SQLite. Its revision counter is one row, written once a transaction. */
export class RegistryTables {
  readonly #get: Statement;
  readonly #revisionOf: Statement;
  readonly #put: Statement;
  readonly #listFrom: Statement;
  readonly #listAfter: Statement;
  readonly #readCounter: Statement;
  readonly #writeCounter: Statement;
  #revision: number;
  #written: number;

  constructor(database: Database) {
    this.#get = database.prepare('SELECT key, value, revision FROM registry WHERE key = ?');
    this.#revisionOf = database.prepare('SELECT revision FROM registry WHERE key = ?').pluck();
    this.#put = database.prepare(
      'INSERT INTO registry (key, revision, value) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value',
    );
    this.#listFrom = database.prepare('SELECT key, value, revision FROM registry WHERE key >= ? AND key < ? ORDER BY key LIMIT ?');
    this.#listAfter = database.prepare('SELECT key, value, revision FROM registry WHERE key > ? AND key < ? ORDER BY key LIMIT ?');
    this.#readCounter = database.prepare("SELECT value FROM meta WHERE name = 'revision'").pluck();
    this.#writeCounter = database.prepare("INSERT INTO meta VALUES ('revision', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    this.#revision = this.#stored();
    this.#written = this.#revision;
  }

  get(key: string): RegistryEntry | undefined {
    const row = this.#get.get(key);
    return row === undefined ? undefined : owned(row as RegistryEntry);
  }

  update(key: string, value: Uint8Array, expected: number): UpdateResult {
    const revision = Number(this.#revisionOf.get(key) ?? 0);
    if (revision !== expected) return { kind: 'conflict', revision };
    this.#put.run(key, this.#revision + 1, value);
    this.#revision += 1;
    return { kind: 'updated', revision: this.#revision };
  }

  list(prefix: string, after: string | undefined, limit: number): readonly RegistryEntry[] {
    const rows =
      after !== undefined && after >= prefix
        ? this.#listAfter.all(after, prefix + ABOVE_EVERY_KEY, limit)
        : this.#listFrom.all(prefix, prefix + ABOVE_EVERY_KEY, limit);
    return rows.map((row) => owned(row as RegistryEntry));
  }

  /** To be called before each commit. */
  flush(): void {
    if (this.#written === this.#revision) return;
    this.#writeCounter.run(this.#revision);
    this.#written = this.#revision;
  }

  /** To be called when a transaction was undone. */
  forget(): void {
    this.#revision = this.#stored();
    this.#written = this.#revision;
  }

  #stored(): number {
    return Number(this.#readCounter.get() ?? 0);
  }
}

function owned({ key, value, revision }: RegistryEntry): RegistryEntry {
  return { key, value: new Uint8Array(value), revision };
}
