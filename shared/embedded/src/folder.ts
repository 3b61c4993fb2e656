/**
 * A folder on a local disk that holds everything of one embedded Skep:
 *
 *   folder.json   its format          log.db     lanes and registry
 *   lock.db       the holder's lock   blobs.db   blobs
 *   holder.json   who holds it        skep.sock  where the holder listens
 *
 * - F1 Exactly one process holds it, from the lock's acquisition until `close` or the process's death.
 * - F2 A folder that cannot be opened is left as it was found, and the lock is released.
 */
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { SkepError } from '@skep/kernel';
import type { Clock, Ports, Random } from '@skep/ports';
import type { Channel } from './channel.js';
import { hasFolderMarker, writeFolderMarker } from './folder-marker.js';
import { folderHeld, type HolderInfo, readHolderInfo, removeHolderInfo, writeHolderInfo } from './holder-info.js';
import { acquireHolderLock, type HolderLock } from './holder-lock.js';
import { chooseSocketPath, HolderSocket, removeSocket } from './holder-socket.js';
import { createLocalBus } from './local-bus.js';
import { SqliteBlob } from './sqlite-blob.js';
import { SqliteLog } from './sqlite-log.js';
import { SqliteRegistry } from './sqlite-registry.js';
import { openingError } from './storage-error.js';
import { StoreClient } from './store-client.js';
import type { BlobRequest, LogRequest } from './store-message.js';
import { systemClock } from './system-clock.js';
import { systemRandom } from './system-random.js';

export interface FolderOptions {
  readonly dir: string;
  readonly clock?: Clock;
  readonly random?: Random;
  /** For tests: each database refuses to grow beyond this, as a full disk would make it. */
  readonly maxBytes?: number;
}

export interface Folder {
  readonly dir: string;
  readonly ports: Ports;
  readonly holder: HolderInfo;
  /** Serves other processes of this machine, which reach the folder with `connectHolder`. Once. @throws SkepError `unavailable` */
  listen(onChannel: (channel: Channel) => void): Promise<void>;
  /** For tests: fills the disk, or empties it again with undefined. Holds for what is asked of the ports afterwards. */
  limitBytes(maxBytes: number | undefined): void;
  /** Answers what is under way, then gives the folder up. Idempotent. */
  close(): Promise<void>;
}

/** @throws SkepError `folder-held`, `read-only`, `disk-full`, `corrupt`, `unsupported-format`, `unavailable` */
export async function openFolder(options: FolderOptions): Promise<Folder> {
  const dir = resolve(options.dir);
  makeWritable(dir);
  const lock = await acquireHolderLock(dir);
  if (lock === undefined) throw folderHeld(dir);
  try {
    const expected = hasFolderMarker(dir);
    const stores = await openStores(dir, { expected, bytesMax: options.maxBytes });
    if (!expected) writeFolderMarker(dir);
    const stale = readHolderInfo(dir);
    if (stale !== undefined) removeSocket(stale.socket);
    const holder: HolderInfo = {
      pid: process.pid,
      host: hostname(),
      startedAt: new Date().toISOString(),
      version: packageVersion(),
      socket: chooseSocketPath(dir),
    };
    writeHolderInfo(dir, holder);
    return new HeldFolder(dir, holder, { lock, stores, clock: options.clock ?? systemClock, random: options.random ?? systemRandom });
  } catch (error) {
    lock.release();
    throw openingError(error, dir);
  }
}

interface Stores {
  readonly log: StoreClient<LogRequest>;
  readonly blobs: StoreClient<BlobRequest>;
}

interface Parts {
  readonly lock: HolderLock;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly random: Random;
}

class HeldFolder implements Folder {
  readonly ports: Ports;
  #socket: Promise<HolderSocket> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    readonly dir: string,
    readonly holder: HolderInfo,
    private readonly parts: Parts,
  ) {
    const { stores, clock, random } = parts;
    this.ports = {
      bus: createLocalBus({ clock }),
      log: new SqliteLog(stores.log),
      registry: new SqliteRegistry(stores.log),
      blob: new SqliteBlob(stores.blobs),
      clock,
      random,
    };
  }

  async listen(onChannel: (channel: Channel) => void): Promise<void> {
    if (this.#closing !== undefined) throw new SkepError('closed', { message: `${this.dir} was closed`, id: this.dir });
    if (this.#socket !== undefined) throw new SkepError('unavailable', { message: `${this.dir} listens already`, id: this.dir });
    this.#socket = HolderSocket.listen(this.holder.socket, onChannel);
    await this.#socket;
  }

  limitBytes(maxBytes: number | undefined): void {
    this.parts.stores.log.limitBytes(maxBytes);
    this.parts.stores.blobs.limitBytes(maxBytes);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const socket = await this.#socket?.catch(() => undefined);
    await socket?.close();
    await this.ports.bus.close();
    await Promise.all([this.parts.stores.log.close(), this.parts.stores.blobs.close()]);
    removeSocket(this.holder.socket);
    removeHolderInfo(this.dir);
    this.parts.lock.release();
  }
}

function makeWritable(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw openingError(error, dir);
  }
}

async function openStores(dir: string, start: { readonly expected: boolean; readonly bytesMax: number | undefined }): Promise<Stores> {
  const opening = [
    StoreClient.open<LogRequest>({ program: 'log-worker.js', file: join(dir, 'log.db'), ...start }),
    StoreClient.open<BlobRequest>({ program: 'blob-worker.js', file: join(dir, 'blobs.db'), ...start }),
  ] as const;
  const [log, blobs] = await Promise.allSettled(opening);
  if (log.status === 'fulfilled' && blobs.status === 'fulfilled') return { log: log.value, blobs: blobs.value };
  if (log.status === 'fulfilled') await log.value.close();
  if (blobs.status === 'fulfilled') await blobs.value.close();
  throw log.status === 'rejected' ? log.reason : (blobs as PromiseRejectedResult).reason;
}

function packageVersion(): string {
  // The same path from `src` and `dist`.
  const parsed: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const version: unknown = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
