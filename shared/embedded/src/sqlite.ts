/**
 * better-sqlite3, loaded by `require`. An `import` goes through the loaders that a program registered (`--import tsx`, `jiti/register`);
 * from Node 24 on such a package then no longer knows its own path, and does not find its binary.
 */
import { createRequire } from 'node:module';
import type SqliteDatabase from 'better-sqlite3';

export const Sqlite: typeof SqliteDatabase = createRequire(import.meta.url)('better-sqlite3');
