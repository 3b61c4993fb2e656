import { hashHexOf, SkepError } from '@skep/kernel';
import type { Database, Statement } from './database.js';

export const BLOB_SCHEMA = `
  CREATE TABLE IF NOT EXISTS blobs (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL);
`;

/** Blobs in SQLite: few and large ones; small nodes of a tree come packed in segments. */
export class BlobTables {
  readonly #put: Statement;
  readonly #get: Statement;
  readonly #has: Statement;
  readonly #drop: Statement;

  constructor(
    database: Database,
    private readonly file: string,
  ) {
    this.#put = database.prepare('INSERT INTO blobs (hash, bytes) VALUES (?, ?)');
    this.#get = database.prepare('SELECT bytes FROM blobs WHERE hash = ?').pluck();
    this.#has = database.prepare('SELECT 1 FROM blobs WHERE hash = ?').pluck();
    this.#drop = database.prepare('DELETE FROM blobs WHERE hash = ?');
  }

  put(bytes: Uint8Array): string {
    const hash = hashHexOf(bytes);
    if (!this.has(hash)) this.#put.run(hash, bytes);
    return hash;
  }

  /** @throws SkepError `corrupt` when the bytes do not have the hash they are stored under */
  get(hash: string): Uint8Array | undefined {
    const bytes = this.#get.get(hash);
    if (!(bytes instanceof Uint8Array)) return undefined;
    if (hashHexOf(bytes) === hash) return new Uint8Array(bytes);
    throw new SkepError('corrupt', {
      message: `${this.file}: the blob ${hash} holds other bytes than its hash says`,
      id: hash,
      remedy: 'Restore this blob from a copy of the folder; `skep doctor` lists what is damaged.',
    });
  }

  has(hash: string): boolean {
    return this.#has.get(hash) !== undefined;
  }

  delete(hash: string): void {
    this.#drop.run(hash);
  }
}
