/**
 * Lanes in SQLite, one row an entry. The row's number is (lane << 40 | sequence): one tree, in which an append touches one leaf at the
 * right edge of its lane; a second index would double what each commit writes.
 */
import { assert } from '@skep/kernel';
import type { AppendResult, LogEntry } from '@skep/ports';
import type { Database, Statement } from './database.js';
import type { PackedEntries } from './store-message.js';

export const LOG_SCHEMA = `
  CREATE TABLE IF NOT EXISTS lanes (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
`;

const SEQUENCE_BITS = 40n;
const SEQUENCE_MAX = 2 ** 40 - 1;
/** Entries dropped in one step, so that a long trim lets appends pass in between. */
const TRIM_ENTRIES = 256;
/** Entries that one read returns at most, however small they are. */
const READ_ENTRIES_MAX = 65_536;

interface Head {
  /** Row number of the lane's sequence 0; undefined for a lane that has no entry yet. */
  base: bigint | undefined;
  last: number;
}

export class LogTables {
  /** The only writer is this thread, so the ends of lanes are kept here, and forgotten when a transaction is undone. */
  readonly #heads = new Map<string, Head>();
  readonly #laneNumber: Statement;
  readonly #addLane: Statement;
  readonly #lastSequence: Statement;
  readonly #insert: Statement;
  readonly #range: Statement;
  readonly #one: Statement;
  readonly #nth: Statement;
  readonly #drop: Statement;

  constructor(database: Database) {
    this.#laneNumber = database.prepare('SELECT number FROM lanes WHERE name = ?').pluck();
    this.#addLane = database.prepare('INSERT INTO lanes (name) VALUES (?)');
    this.#lastSequence = database.prepare('SELECT max(id) - ? FROM entries WHERE id > ? AND id <= ?').pluck();
    this.#insert = database.prepare('INSERT INTO entries VALUES (?, ?)');
    this.#range = database.prepare('SELECT id - ?, bytes FROM entries WHERE id >= ? AND id <= ? ORDER BY id').raw();
    this.#one = database.prepare('SELECT bytes FROM entries WHERE id = ?').pluck();
    this.#nth = database.prepare(`SELECT id FROM entries WHERE id > ? AND id < ? ORDER BY id LIMIT 1 OFFSET ${TRIM_ENTRIES}`).pluck().safeIntegers();
    this.#drop = database.prepare('DELETE FROM entries WHERE id > ? AND id < ?');
  }

  append(lane: string, bytes: Uint8Array, expected: number): AppendResult {
    const head = this.#head(lane);
    if (head.last !== expected) return { kind: 'conflict', last: head.last };
    assert(head.last < SEQUENCE_MAX, `lane ${lane} has no sequence left`);
    head.base ??= BigInt(this.#addLane.run(lane).lastInsertRowid) << SEQUENCE_BITS;
    this.#insert.run(head.base + BigInt(expected + 1), bytes);
    head.last = expected + 1;
    return { kind: 'appended', sequence: head.last };
  }

  read(lane: string, from: number, bytesMax: number): PackedEntries {
    const { base, last } = this.#head(lane);
    if (base === undefined) return { sequences: [], lengths: [], bytes: new Uint8Array(0) };
    const sequences: number[] = [];
    const parts: Uint8Array[] = [];
    let bytesFound = 0;
    const first = BigInt(Math.max(1, Math.min(from, SEQUENCE_MAX)));
    for (const row of this.#range.iterate(base, base + first, base + BigInt(last))) {
      const [sequence, bytes] = row as [number, Uint8Array];
      if (parts.length > 0 && (bytesFound + bytes.length > bytesMax || parts.length >= READ_ENTRIES_MAX)) break;
      bytesFound += bytes.length;
      sequences.push(sequence);
      parts.push(bytes);
    }
    return { sequences, lengths: parts.map((part) => part.length), bytes: joined(parts, bytesFound) };
  }

  last(lane: string): LogEntry | undefined {
    const { base, last } = this.#head(lane);
    if (base === undefined) return undefined;
    return { sequence: last, bytes: new Uint8Array(this.#one.get(base + BigInt(last)) as Uint8Array) };
  }

  /** One step of a trim. @returns true when there is more to drop */
  trim(lane: string, below: number): boolean {
    const { base, last } = this.#head(lane);
    if (base === undefined) return false;
    const end = base + BigInt(Math.max(0, Math.min(below, last)));
    const stepEnd = this.#nth.get(base, end);
    this.#drop.run(base, typeof stepEnd === 'bigint' ? stepEnd : end);
    return typeof stepEnd === 'bigint';
  }

  /** To be called when a transaction was undone: the ends kept here may be ahead of the file. */
  forget(): void {
    this.#heads.clear();
  }

  #head(lane: string): Head {
    const known = this.#heads.get(lane);
    if (known !== undefined) return known;
    const number = this.#laneNumber.get(lane);
    const head: Head = { base: undefined, last: 0 };
    if (typeof number === 'number') {
      head.base = BigInt(number) << SEQUENCE_BITS;
      head.last = Number(this.#lastSequence.get(head.base, head.base, head.base + BigInt(SEQUENCE_MAX)));
    }
    this.#heads.set(lane, head);
    return head;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
