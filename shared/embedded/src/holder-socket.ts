/** The socket on which the holder of a folder serves other processes of the same machine. */
import { chmodSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SkepError } from '@skep/kernel';
import { type Channel, channelOver } from './channel.js';

/** The address of a Unix socket has 104 to 108 bytes, depending on the system. */
const SOCKET_PATH_BYTES_MAX = 100;
const CONNECTIONS_MAX = 256;
const SHORT_DIR_PREFIX = join(tmpdir(), 'skep-socket-');

/** Where a holder of this folder may listen. Makes a private folder for the socket when the path would be too long. */
export function chooseSocketPath(dir: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\skep-${process.pid}-${crypto.randomUUID()}`;
  const path = join(dir, 'skep.sock');
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX ? path : join(mkdtempSync(SHORT_DIR_PREFIX), 'skep.sock');
}

/** Removes a socket, and the private folder that `chooseSocketPath` made for it. Only for who holds the folder. */
export function removeSocket(path: string): void {
  if (process.platform === 'win32') return;
  rmSync(path, { force: true });
  if (!path.startsWith(SHORT_DIR_PREFIX)) return;
  try {
    // Not recursive: should the path ever be somebody else's folder, what lies in it stays.
    rmdirSync(dirname(path));
  } catch {
    // It is gone already, or not ours.
  }
}

export class HolderSocket {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @throws SkepError `unavailable` */
  static async listen(path: string, onChannel: (channel: Channel) => void): Promise<HolderSocket> {
    removeStale(path);
    const holder = new HolderSocket(onChannel);
    await new Promise<void>((resolve, reject) => {
      holder.#server.once('error', (error) => {
        reject(new SkepError('unavailable', { message: `cannot listen on ${path}: ${error.message}`, id: path, cause: error }));
      });
      holder.#server.listen(path, resolve);
      // The address is bound inside `listen`, so nobody of another user can connect in between.
      if (process.platform !== 'win32') chmodSync(path, 0o600);
    });
    return holder;
  }

  private constructor(onChannel: (channel: Channel) => void) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // A listening folder does not keep its process alive, and neither do those who are connected to it.
      socket.unref();
      onChannel(channelOver(socket));
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.unref();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroySoon();
    await closed;
  }
}

function removeStale(path: string): void {
  if (process.platform !== 'win32') rmSync(path, { force: true });
}
