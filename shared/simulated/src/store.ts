/**
 * A store: log, registry and blobs of whoever may reach it, on one simulated disk.
 *
 *   up ──crash, failed sync──> down ──start──> up
 *                               └──damage found──> damaged (answers `corrupt`)
 *
 * - T1 Nothing is answered before everything that the answer rests on is synced; the planted mistake `ackBeforeFsync` breaks this.
 * - T2 A crash forgets what was not synced, and every answer that was not sent.
 * - T3 One sync at a time; whatever was written meanwhile shares the next one.
 */
import { type HashHex, isSkepError, SkepError } from '@skep/kernel';
import type { Level, RegistryEntry, UpdateResult } from '@skep/ports';
import { SimulatedFile } from './disk.js';
import type { Answer, Simulation } from './simulation.js';
import { StoreEngine } from './store-engine.js';
import { type StoreRequest, subjectOf } from './store-request.js';
import { Watches } from './watches.js';

export interface StoreOptions {
  /** What `log.exclusive` says. */
  readonly exclusive?: boolean;
  /** What `log.level` says. */
  readonly level?: Level;
  readonly disk?: DiskOptions;
  /** Planted bugs, which tests have to find. */
  readonly mistakes?: { readonly ackBeforeFsync?: boolean };
}

export interface DiskOptions {
  /** The disk is full at this many bytes. */
  readonly capacityBytes?: number;
  readonly fsyncMsMin?: number;
  readonly fsyncMsMax?: number;
}

interface Waiting {
  /** The answer may leave when the file is synced up to here. */
  readonly barrier: number;
  readonly tell: () => void;
}

const FSYNC_MS_MIN = 0.1;
const FSYNC_MS_MAX = 0.4;
/** A store that died of a failed sync is back after this. */
const RESTART_US = 50_000;

export class Store {
  readonly exclusive: boolean;
  readonly level: Level;
  readonly watches: Watches;
  readonly #file = new SimulatedFile();
  #engine: StoreEngine | undefined;
  #damage: SkepError | undefined;
  #waiting: Waiting[] = [];
  #syncing = false;
  #committedRevision = 0;
  /** Grows with every crash: what belongs to an earlier life of the store is void. */
  #life = 1;
  #capacityBytes: number;
  #diskFull = false;

  constructor(
    private readonly simulation: Simulation,
    readonly name: string,
    private readonly options: StoreOptions = {},
  ) {
    this.exclusive = options.exclusive ?? false;
    this.level = options.level ?? 'fsync';
    this.#capacityBytes = options.disk?.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.watches = new Watches(simulation, this);
    this.start();
  }

  /** True when it answers, be it with `corrupt`. */
  get isUp(): boolean {
    return this.#engine !== undefined || this.#damage !== undefined;
  }

  /** The newest revision of the registry that is on the disk. */
  get committedRevision(): number {
    return this.#committedRevision;
  }

  /** Performs a request now. `tell` is called when the answer may leave; never, if the store dies before. */
  receive(request: StoreRequest, tell: (answer: Answer) => void): void {
    if (this.#damage !== undefined) tell({ kind: 'failed', error: this.#damage });
    if (this.#engine === undefined) return;
    const answer = this.#perform(this.#engine, request);
    const news = newsOf(request, answer);
    // A refusal rests on nothing that could still be forgotten.
    const barrier = answer.kind === 'failed' ? 0 : this.#file.length;
    const told = () => {
      if (news !== undefined) {
        this.#committedRevision = Math.max(this.#committedRevision, news.revision);
        this.watches.updated(news);
      }
      tell(answer);
    };
    if (barrier <= this.#file.syncedLength || this.options.mistakes?.ackBeforeFsync === true) told();
    else this.#waiting.push({ barrier, tell: told });
    this.#sync();
  }

  /** Power fails: what was not synced is forgotten, in part or whole. */
  crash(): void {
    if (this.#engine === undefined) return;
    this.#life += 1;
    this.#engine = undefined;
    this.#waiting = [];
    this.#syncing = false;
    const { kept, torn, lost } = this.#file.crash(this.simulation.stream(`disk ${this.name}`));
    this.simulation.fault('store crash', this.name, kept, torn, lost);
    if (torn > 0) this.simulation.fault('torn write', this.name, torn);
    if (lost > 0) this.simulation.fault('lost unsynced write', this.name, lost);
  }

  /** Starts a store that is down, from its disk. */
  start(): void {
    if (this.#engine !== undefined || this.#damage !== undefined) return;
    try {
      this.#engine = new StoreEngine(this.simulation, this.name, this.#file, { freeBytes: () => this.#freeBytes() });
      this.simulation.record(this.name, 'store started', this.#engine.cutBytes);
      this.#committedRevision = this.#engine.revision;
      this.watches.caughtUp(this.#engine);
    } catch (error) {
      if (!isSkepError(error, 'corrupt')) throw error;
      this.#damage = error;
      this.simulation.record(this.name, 'store damaged', error.message);
    }
  }

  /** Full from now on, or as roomy as it was. */
  setDiskFull(state: 'full' | 'free'): void {
    this.#diskFull = state === 'full';
    this.simulation.record(this.name, `disk ${state}`);
  }

  setCapacity(bytes: number): void {
    this.#capacityBytes = bytes;
  }

  /** Turns one bit of the file: `fraction` 0 is its begin, 1 its end. */
  rot(fraction: number): void {
    this.#file.rot(Math.floor(fraction * (this.#file.length - 1)));
  }

  /** Turns one bit of a blob. */
  rotBlob(hash: HashHex): void {
    const place = this.#engine?.placeOfBlob(hash);
    if (place === undefined) throw new SkepError('invalid-input', { message: 'there is no such blob', id: hash });
    this.#file.rot(place.at + place.length - 1);
  }

  #perform(engine: StoreEngine, request: StoreRequest): Answer {
    try {
      const result = engine.execute(request);
      this.simulation.record(this.name, request.kind, subjectOf(request), outcomeOf(result));
      return { kind: 'done', result };
    } catch (error) {
      if (!isSkepError(error)) throw error;
      this.simulation.record(this.name, request.kind, subjectOf(request), error.code);
      return { kind: 'failed', error };
    }
  }

  #sync(): void {
    if (this.#syncing || this.#file.length === this.#file.syncedLength) return;
    this.#syncing = true;
    const life = this.#life;
    const length = this.#file.length;
    this.simulation.after(this.#fsyncUs(), 'inner', () => {
      if (life !== this.#life) return;
      this.#syncing = false;
      if (this.simulation.stream(`disk ${this.name}`).chance(this.simulation.rates.fsyncFailedChance)) {
        this.simulation.fault('failed fsync', this.name);
        this.crash();
        this.simulation.after(RESTART_US, 'inner', () => this.start());
        return;
      }
      this.#file.synced(length);
      this.#release();
      this.#sync();
    });
  }

  #release(): void {
    const ready = this.#waiting.filter((waiting) => waiting.barrier <= this.#file.syncedLength);
    this.#waiting = this.#waiting.filter((waiting) => waiting.barrier > this.#file.syncedLength);
    for (const { tell } of ready) tell();
  }

  #fsyncUs(): number {
    const random = this.simulation.stream(`disk ${this.name}`);
    const { fsyncSlowChance, fsyncSlowMsMax } = this.simulation.rates;
    const minUs = (this.options.disk?.fsyncMsMin ?? FSYNC_MS_MIN) * 1000;
    const maxUs = (this.options.disk?.fsyncMsMax ?? FSYNC_MS_MAX) * 1000;
    const plainUs = random.between(minUs, Math.max(minUs, maxUs));
    if (!random.chance(fsyncSlowChance)) return plainUs;
    this.simulation.fault('slow fsync', this.name);
    return plainUs + random.below(fsyncSlowMsMax * 1000);
  }

  #freeBytes(): number {
    return this.#diskFull ? 0 : this.#capacityBytes - this.#file.length;
  }
}

/** The entry that an update made. */
function newsOf(request: StoreRequest, answer: Answer): RegistryEntry | undefined {
  if (request.kind !== 'update' || answer.kind !== 'done') return undefined;
  const result = answer.result as UpdateResult;
  return result.kind === 'updated' ? { key: request.key, value: request.value, revision: result.revision } : undefined;
}

/** What of a result goes into the trace. */
function outcomeOf(result: unknown): string | number {
  if (typeof result !== 'object' || result === null) return String(result);
  if (Array.isArray(result)) return result.length;
  if ('kind' in result) return Object.values(result).join(' ');
  if ('sequence' in result) return Number(result.sequence);
  return 'revision' in result ? Number(result.revision) : 'bytes';
}
