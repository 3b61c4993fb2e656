/**
 * One process at a time holds a folder. The lock is SQLite's exclusive lock on an empty `lock.db`: the operating system drops it when
 * the process dies, however it dies, and SQLite also refuses a second one inside the same process.
 *
 * Nothing in this process may open `lock.db` by other means: on POSIX systems closing any descriptor of a file drops all locks on it.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from './database.js';
import { holderLives } from './holder-info.js';
import { Sqlite } from './sqlite.js';
import { codeOf, openingError } from './storage-error.js';

/** Somebody who only asks whether the folder is held has the lock for an instant; so a first refusal is not believed. */
const TRIES = 5;
/** On a busy machine that instant may be long: where no holder is known to live, it is waited for. */
const TRIES_MAX = 75;
const TRY_DELAY_MS = 20;

export interface HolderLock {
  release(): void;
}

/** Undefined when somebody holds it. @throws SkepError `read-only`, `corrupt`, `unavailable` */
export async function acquireHolderLock(dir: string): Promise<HolderLock | undefined> {
  for (let tries = 1; ; tries += 1) {
    const lock = tryHolderLock(dir);
    if (lock !== undefined || tries >= (holderLives(dir) ? TRIES : TRIES_MAX)) return lock;
    await pause(TRY_DELAY_MS);
  }
}

/** One attempt. */
export function tryHolderLock(dir: string): HolderLock | undefined {
  const file = join(dir, 'lock.db');
  let database: Database | undefined;
  try {
    database = new Sqlite(file, { timeout: 0 });
    // The transaction never writes; so nothing of it need lie beside the file when the process is killed.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    const held = database;
    return { release: () => held.close() };
  } catch (error) {
    database?.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) return undefined;
    throw openingError(error, file);
  }
}
