/**
 * One SQLite file, opened so that a commit is on the disk when it returns (WAL, synchronous FULL).
 *
 * Pages of 16 KB carry large batches with fewer page headers and cost small ones nothing measurable. Space freed is given back
 * step by step (incremental vacuum). Checkpoints are ours to time: SQLite's own would run inside a commit and delay its answer.
 */
import { existsSync, statSync } from 'node:fs';
import { SkepError } from '@skep/kernel';
import type SqliteDatabase from 'better-sqlite3';
import { Sqlite } from './sqlite.js';
import { openingError } from './storage-error.js';

export type Database = SqliteDatabase.Database;
export type Statement = SqliteDatabase.Statement<unknown[]>;

/** Number of the layout of our files; a file with a higher one is refused. */
export const FORMAT = 1;
export const PAGE_BYTES = 16 * 1024;
/** Upper end of what is kept of a write-ahead file after a checkpoint. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;
const CACHE_KIB = 16 * 1024;

export interface DatabaseOptions {
  readonly file: string;
  /** Statements that create the tables if they are missing. */
  readonly schema: string;
  /** True for a folder that was complete before: then a missing or empty file is damage, not a fresh start. */
  readonly expected: boolean;
}

/** @throws SkepError `corrupt`, `read-only`, `disk-full`, `unsupported-format`, `unavailable` */
export function openDatabase({ file, schema, expected }: DatabaseOptions): Database {
  if (expected && (!existsSync(file) || statSync(file).size === 0)) throw damaged(file, 'the file is missing or empty');
  let database: Database | undefined;
  try {
    database = new Sqlite(file);
    database.pragma(`page_size = ${PAGE_BYTES}`);
    database.pragma('auto_vacuum = INCREMENTAL');
    // One process holds the folder anyway; so SQLite need not lock and unlock for each transaction.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('wal_autocheckpoint = 0');
    database.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID');
    checkFormat(database, file);
    database.exec(schema);
    checkLength(database, file);
    return database;
  } catch (error) {
    database?.close();
    throw openingError(error, file);
  }
}

/** Refuses to grow the file beyond `bytes`: how tests fill a disk. Undefined lifts it. */
export function limitBytes(database: Database, bytes: number | undefined): void {
  // The largest number SQLite accepts stands for "no limit".
  database.pragma(`max_page_count = ${bytes === undefined ? 4_294_967_294 : Math.max(1, Math.ceil(bytes / PAGE_BYTES))}`);
}

function checkFormat(database: Database, file: string): void {
  const format: unknown = database.prepare("SELECT value FROM meta WHERE name = 'format'").pluck().get();
  if (format === undefined) database.prepare("INSERT INTO meta VALUES ('format', ?)").run(FORMAT);
  else if (typeof format !== 'number') throw damaged(file, 'its format is no number');
  else if (format > FORMAT) {
    throw new SkepError('unsupported-format', {
      message: `${file} has format ${format}; this version reads up to ${FORMAT}`,
      id: file,
      remedy: 'Open the folder with the version of Skep that wrote it, or a later one.',
    });
  }
}

/** SQLite meets a file that was cut short only when it reaches for a lost page, perhaps after it served others. */
function checkLength(database: Database, file: string): void {
  database.pragma('wal_checkpoint(TRUNCATE)');
  const pages = Number(database.pragma('page_count', { simple: true }));
  const pageBytes = Number(database.pragma('page_size', { simple: true }));
  const bytes = statSync(file).size;
  if (bytes < pages * pageBytes) throw damaged(file, `it has ${bytes} bytes instead of ${pages * pageBytes}`);
}

function damaged(file: string, why: string): SkepError {
  return new SkepError('corrupt', {
    message: `${file} is damaged: ${why}`,
    id: file,
    remedy: 'Restore the folder from a copy; `skep doctor` shows the extent.',
  });
}
