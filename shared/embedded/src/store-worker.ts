/**
 * The worker's side of a store: one SQLite file, and requests that are committed in groups.
 *
 * - W1 Whatever waits when the worker turns to work goes into one transaction, and is answered only after its commit.
 * - W2 A request that fails undoes only itself: the group is undone and its requests are run one by one.
 * - W3 After an error whose outcome is unknown the worker dies and answers nobody.
 * - W4 Answers leave before housekeeping (checkpoint, giving space back), which is done in small portions.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '@skep/kernel';
import { type Database, limitBytes, openDatabase, PAGE_BYTES } from './database.js';
import { openingError, storageError } from './storage-error.js';
import type { Answer, Call, FromStore, StoreStart, ToStore } from './store-message.js';

const GROUP_CALLS_MAX = 4096;
/** Pages that one checkpoint copies, about: 1,024 take some 12 ms; 256 cost a quarter of the throughput, 4,096 stall for 50 ms. */
const CHECKPOINT_PAGES = 1024;
/** Free pages given back in one go. */
const VACUUM_PAGES = 256;
/** Free pages below which, and share of the file below which, nothing is given back: the next entries need them again. */
const FREE_PAGES_KEPT = 1024;
const FREE_SHARE_KEPT = 0.25;

/** What a kind of store does with its requests. */
export interface Tables<Request> {
  perform(request: Request): unknown;
  /** Bytes that the request writes, about. */
  writtenBytes(request: Request): number;
  /** Called before each commit. */
  flush(): void;
  /** Called after a transaction was undone. */
  forget(): void;
}

/**
 * Opens the file that the worker was started for, and serves until it is told to close. Says nothing before the modules of the worker
 * are loaded: one that is refused is ended at its word, and V8 aborts the whole process when a thread is ended while a module that
 * awaits (the kernel does) is being loaded.
 */
export function serveStore<Request>(schema: string, makeTables: (database: Database, file: string) => Tables<Request>): void {
  setImmediate(() => openAndServe(schema, makeTables));
}

function openAndServe<Request>(schema: string, makeTables: (database: Database, file: string) => Tables<Request>): void {
  const port = parentPort;
  assert(port !== null, 'a store runs in a worker thread');
  const { file, expected, bytesMax } = workerData as StoreStart;
  const say = (message: FromStore) => port.postMessage(message);
  try {
    const database = openDatabase({ file, schema, expected });
    const store = new Store(port, database, makeTables(database, file), file);
    if (bytesMax !== undefined) limitBytes(database, bytesMax);
    port.on('message', (message: ToStore<Request>) => store.turn(message));
    say({ kind: 'opened' });
  } catch (error) {
    say({ kind: 'refused', error: openingError(error, file).toJSON() });
  }
}

class Store<Request> {
  /** Pages written since the last checkpoint, about. */
  #walPages = 0;

  constructor(
    private readonly port: MessagePort,
    private readonly database: Database,
    private readonly tables: Tables<Request>,
    private readonly file: string,
  ) {}

  /** Takes the message that woke the worker and all that wait behind it. */
  turn(first: ToStore<Request>): void {
    const waiting: Call<Request>[] = [];
    let next: ToStore<Request> | undefined = first;
    while (next !== undefined) {
      if (next.kind === 'calls') waiting.push(...next.calls);
      else {
        this.#serve(waiting.splice(0));
        if (next.kind === 'close') {
          this.#close();
          return;
        }
        limitBytes(this.database, next.bytesMax);
      }
      next = waiting.length < GROUP_CALLS_MAX ? (receiveMessageOnPort(this.port)?.message as ToStore<Request> | undefined) : undefined;
    }
    this.#serve(waiting);
  }

  #serve(calls: readonly Call<Request>[]): void {
    if (calls.length === 0) return;
    const answers = this.#commit(calls) ?? calls.flatMap((call) => this.#commitAlone(call));
    const transfer: ArrayBuffer[] = [];
    for (const answer of answers) if (answer.kind === 'done') collectBuffers(answer.result, transfer);
    this.port.postMessage({ kind: 'answers', answers } satisfies FromStore, transfer);
    this.#keepHouse(calls);
  }

  /** Runs the group in one transaction. Undefined when it failed and has to be run one by one (W2). */
  #commit(calls: readonly Call<Request>[]): readonly Answer[] | undefined {
    try {
      return this.#transaction(() => calls.map(({ id, request }): Answer => ({ id, kind: 'done', result: this.tables.perform(request) })));
    } catch (error) {
      if (storageError(error, this.file) === undefined) throw error;
      return undefined;
    }
  }

  #commitAlone({ id, request }: Call<Request>): Answer {
    try {
      return this.#transaction(() => ({ id, kind: 'done', result: this.tables.perform(request) }));
    } catch (error) {
      const known = storageError(error, this.file);
      if (known === undefined) throw error;
      return { id, kind: 'failed', error: known.toJSON() };
    }
  }

  #transaction<Result>(work: () => Result): Result {
    this.database.exec('BEGIN');
    try {
      const result = work();
      this.tables.flush();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite undoes the transaction by itself after some errors.
      if (this.database.inTransaction) this.database.exec('ROLLBACK');
      this.tables.forget();
      throw error;
    }
  }

  #keepHouse(calls: readonly Call<Request>[]): void {
    let bytes = 0;
    for (const { request } of calls) bytes += this.tables.writtenBytes(request);
    if (bytes > 0) this.#walPages += 2 + Math.ceil(bytes / PAGE_BYTES);
    if (this.#walPages < CHECKPOINT_PAGES) return;
    this.#walPages = 0;
    try {
      this.#giveBack();
      this.database.pragma('wal_checkpoint(PASSIVE)');
    } catch (error) {
      // A full disk also keeps a checkpoint from copying; nothing is lost, the next one tries again.
      if (storageError(error, this.file) === undefined) throw error;
    }
  }

  #giveBack(): void {
    const freePages = Number(this.database.pragma('freelist_count', { simple: true }));
    const pages = Number(this.database.pragma('page_count', { simple: true }));
    if (freePages > FREE_PAGES_KEPT && freePages > pages * FREE_SHARE_KEPT) this.database.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
  }

  #close(): void {
    this.database.pragma('wal_checkpoint(TRUNCATE)');
    this.database.close();
    this.port.postMessage({ kind: 'closed' } satisfies FromStore);
    this.port.close();
  }
}

/** Buffers of byte arrays in a result, to be moved instead of copied. */
function collectBuffers(result: unknown, into: ArrayBuffer[]): void {
  if (typeof result !== 'object' || result === null || !('bytes' in result) || !(result.bytes instanceof Uint8Array)) return;
  const { buffer, byteLength } = result.bytes;
  if (buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength) into.push(buffer);
}
