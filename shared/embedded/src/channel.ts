import type { Socket } from 'node:net';
import { type SkepError as Failure, SkepError, toSkepError } from '@skep/kernel';
import { FrameReader, frameHeader, GREETING } from './frame.js';

/** Bytes that may wait for a slow peer; past it the connection is given up, because nobody else would bound them. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;

/** Two processes that exchange messages in order, until one of them closes or dies. */
export interface Channel {
  readonly closed: boolean;
  /** What is sent to a closed channel is lost, as it would have been a moment later. @throws SkepError `payload-too-large` */
  send(bytes: Uint8Array): void;
  /** Who gets the messages (one listener, owner of the bytes). Nothing is read from the peer before it is set. */
  onMessage(listener: (bytes: Uint8Array) => void): void;
  /** Called once, also if the channel is closed already; with the reason if it was none of the two sides' wish. */
  onClose(listener: (reason: Failure | undefined) => void): void;
  /** Sends what waits, then closes. */
  close(): void;
}

/** Speaks frames over a connected socket, and owns it from now on. */
export function channelOver(socket: Socket): Channel {
  return new SocketChannel(socket);
}

class SocketChannel implements Channel {
  readonly #reader = new FrameReader();
  #closeListeners: ((reason: SkepError | undefined) => void)[] = [];
  #reason: SkepError | undefined;
  #closed = false;

  constructor(private readonly socket: Socket) {
    socket.pause();
    socket.on('error', (error) => this.#fail(new SkepError('unavailable', { message: `the connection failed: ${error.message}`, cause: error })));
    socket.on('close', () => this.#ended());
    socket.write(GREETING);
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(bytes: Uint8Array): void {
    const header = frameHeader(bytes.length);
    if (this.#closed) return;
    if (this.socket.writableLength + bytes.length > WAITING_BYTES_MAX) {
      this.#fail(new SkepError('overloaded', { message: `the peer left ${this.socket.writableLength} bytes unread` }));
      return;
    }
    // All frames of a tick leave in one system call.
    if (this.socket.writableCorked === 0) {
      this.socket.cork();
      process.nextTick(() => this.socket.uncork());
    }
    this.socket.write(header);
    // The socket keeps what it cannot send at once; the caller keeps its bytes.
    this.socket.write(bytes.slice());
  }

  onMessage(listener: (bytes: Uint8Array) => void): void {
    this.socket.removeAllListeners('data');
    this.socket.on('data', (chunk: Uint8Array) => {
      try {
        for (const frame of this.#reader.push(chunk)) if (!this.#closed) listener(frame);
      } catch (error) {
        this.#fail(toSkepError(error));
      }
    });
    this.socket.resume();
  }

  onClose(listener: (reason: SkepError | undefined) => void): void {
    if (this.socket.closed) listener(this.#reason);
    else this.#closeListeners.push(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    while (this.socket.writableCorked > 0) this.socket.uncork();
    this.socket.destroySoon();
  }

  #fail(reason: SkepError): void {
    this.#reason ??= this.#closed ? undefined : reason;
    this.#closed = true;
    this.socket.destroy();
  }

  #ended(): void {
    this.#closed = true;
    const listeners = this.#closeListeners;
    this.#closeListeners = [];
    for (const listener of listeners) listener(this.#reason);
  }
}
