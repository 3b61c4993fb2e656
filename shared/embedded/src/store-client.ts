/**
 * The main thread's side of a store: numbers requests, sends those of one tick as one message, and settles promises.
 *
 *   opening ──opened──> open ──close()──> closing ──closed──> closed
 *      └──refused──> (rejects)   └──the worker dies──> dead
 *
 * - C1 When the worker dies, writes under way are `outcome-unknown` and reads `unavailable`; so are all later requests.
 * - C2 After `close` was called every new request is refused with `closed`; what was under way is still answered.
 */
import { Worker } from 'node:worker_threads';
import { fromErrorShape, SkepError } from '@skep/kernel';
import { messageOf } from './storage-error.js';
import type { Call, FromStore, StoreStart, ToStore } from './store-message.js';

const OPEN_CALLS_MAX = 65_536;

interface OpenCall {
  readonly writes: boolean;
  resolve(result: unknown): void;
  reject(error: SkepError): void;
}

export interface StoreOptions extends StoreStart {
  /** Name of the worker's file in `dist`. */
  readonly program: string;
}

export class StoreClient<Request> {
  readonly file: string;
  readonly #worker: Worker;
  readonly #open = new Map<number, OpenCall>();
  #outgoing: Call<Request>[] = [];
  #transfer: ArrayBuffer[] = [];
  #lastId = 0;
  /** Why nothing is accepted any more. */
  #refusal: SkepError | undefined;
  #stopped: () => void = () => undefined;

  /** @throws SkepError as the worker met it at opening */
  static async open<Request>(options: StoreOptions): Promise<StoreClient<Request>> {
    const { program, ...start } = options;
    // The same path from `src` (tests) and `dist`: a worker cannot load TypeScript.
    const worker = new Worker(new URL(`../dist/${program}`, import.meta.url), { workerData: start });
    const first = await new Promise<FromStore>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('its thread ended at once')));
    });
    if (first.kind === 'refused') {
      await worker.terminate();
      throw fromErrorShape(first.error);
    }
    return new StoreClient<Request>(worker, start.file);
  }

  private constructor(worker: Worker, file: string) {
    this.#worker = worker;
    this.file = file;
    worker.removeAllListeners('error');
    worker.on('message', (message: FromStore) => this.#receive(message));
    worker.on('error', (error) => this.#die(error));
    worker.on('exit', () => this.#die(undefined));
    worker.unref();
  }

  /** `move` is taken over by the worker: its memory is gone here. */
  call(request: Request, options: { readonly writes: boolean; readonly move?: ArrayBuffer }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#refusal !== undefined) throw this.#refusal;
      if (this.#open.size >= OPEN_CALLS_MAX) throw this.#overloaded();
      if (this.#open.size === 0) this.#worker.ref();
      this.#lastId += 1;
      this.#open.set(this.#lastId, { writes: options.writes, resolve, reject });
      this.#outgoing.push({ id: this.#lastId, request });
      if (options.move !== undefined) this.#transfer.push(options.move);
      if (this.#outgoing.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  /** Tests fill the disk with it, and lift the limit with undefined. */
  limitBytes(bytesMax: number | undefined): void {
    this.#flush();
    this.#send({ kind: 'limit', bytesMax });
  }

  /** Resolves when everything under way is answered and the file is closed. Idempotent. */
  async close(): Promise<void> {
    if (this.#refusal !== undefined) return;
    this.#flush();
    this.#refusal = new SkepError('closed', { message: `${this.file} was closed`, id: this.file, remedy: 'Open the folder again.' });
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
      this.#worker.ref();
      this.#send({ kind: 'close' });
    });
    await this.#worker.terminate();
  }

  /** Ends the thread at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #flush(): void {
    if (this.#outgoing.length === 0) return;
    const calls = this.#outgoing;
    const transfer = this.#transfer;
    this.#outgoing = [];
    this.#transfer = [];
    this.#send({ kind: 'calls', calls }, transfer);
  }

  #send(message: ToStore<Request>, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromStore): void {
    if (message.kind === 'closed') this.#stopped();
    if (message.kind !== 'answers') return;
    for (const answer of message.answers) {
      const call = this.#open.get(answer.id);
      if (call === undefined) continue;
      this.#open.delete(answer.id);
      if (answer.kind === 'done') call.resolve(answer.result);
      else call.reject(fromErrorShape(answer.error));
    }
    // While it closes, the process must live until the worker says that it has.
    if (this.#open.size === 0 && this.#refusal === undefined) this.#worker.unref();
  }

  #die(cause: Error | undefined): void {
    const why = `the thread of ${this.file} ended${cause === undefined ? '' : `: ${messageOf(cause)}`}`;
    const remedy = 'Look at the disk and the log of the system, then open the folder again.';
    const unavailable = new SkepError('unavailable', { message: why, id: this.file, remedy, cause });
    this.#refusal ??= unavailable;
    for (const call of this.#open.values()) {
      call.reject(
        call.writes ? new SkepError('outcome-unknown', { message: `${why}; it may or may not have written`, id: this.file, cause }) : unavailable,
      );
    }
    this.#open.clear();
    this.#stopped();
  }

  #overloaded(): SkepError {
    return new SkepError('overloaded', { message: `${OPEN_CALLS_MAX} requests wait for ${this.file} already`, id: this.file });
  }
}
