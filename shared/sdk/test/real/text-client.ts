/**
 * Whoever speaks NATS' text protocol, well or badly: a socket, and nothing between it and the server that would forbid anything.
 * `forge` writes what it is given.
 */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { parseJson, type Value } from '@skep/kernel';

export interface TextClientOptions {
  /** Signs the nonce; without it no credentials are shown. */
  readonly authenticator?: (nonce: string) => object;
  /** Inboxes begin so. */
  readonly inboxPrefix?: string;
  readonly tls?: ConnectionOptions;
}

export interface Heard {
  readonly subject: string;
  readonly payload: Buffer;
}

export interface SayOptions {
  readonly reply?: string;
  /** In this order, and as often as they stand here. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Everything up to the payload, instead of headers. */
  readonly head?: string;
  readonly timeoutMs?: number;
}

const ANSWER_MS = 20_000;
const CONNECT_MS = 5_000;

export class TextClient {
  /** What the server complained of. */
  readonly complaints: string[] = [];
  readonly closed: Promise<void>;
  private readonly listeners = new Map<number, (heard: Heard) => void>();
  private readonly answers = new Map<string, (heard: Heard) => void>();
  private pongs: (() => void)[] = [];
  private unread: Buffer[] = [];
  private unreadBytes = 0;
  private neededBytes = 0;
  private requests = 0;
  private subscriptions = 1;
  private readonly inboxes: string;

  private constructor(
    private readonly socket: Socket,
    rest: Buffer,
    { inboxPrefix = '_INBOX.stranger' }: TextClientOptions,
  ) {
    this.inboxes = `${inboxPrefix}.${process.hrtime.bigint().toString(36)}`;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.on('close', () => this.hangUp());
    socket.on('data', (chunk) => this.take(chunk));
    if (rest.length > 0) this.take(rest);
  }

  /** Rejects with what the server says when it refuses. */
  static async connect(address: string, options: TextClientOptions = {}): Promise<TextClient> {
    const [host, port] = address.split(':');
    let socket = connect(Number(port), host);
    const first = await new Promise<Buffer>((resolve, reject) => {
      socket.once('data', resolve);
      socket.once('error', reject);
    });
    const info = JSON.parse(first.subarray(5, first.indexOf('\r\n')).toString()) as { nonce?: string; tls_required?: boolean };
    if (options.tls !== undefined) {
      socket.removeAllListeners('error');
      const plain = socket;
      socket = await new Promise<Socket>((resolve, reject) => {
        const secure = connectTls({ ...options.tls, socket: plain, checkServerIdentity: () => undefined }, () => resolve(secure));
        secure.once('error', reject);
      });
    }
    const client = new TextClient(socket, first.subarray(first.indexOf('\r\n') + 2), options);
    const signed = options.authenticator?.(info.nonce ?? '') ?? {};
    socket.write(`CONNECT ${JSON.stringify({ verbose: false, pedantic: false, headers: true, no_responders: true, protocol: 1, ...signed })}\r\n`);
    if (options.inboxPrefix !== undefined) socket.write(`SUB ${client.inboxes}.* 1\r\n`);
    client.listeners.set(1, (heard) => client.answers.get(heard.subject)?.(heard));
    const cancel = setTimeout(() => socket.destroy(), CONNECT_MS);
    await client.flush().catch(() => {});
    clearTimeout(cancel);
    if (socket.destroyed || client.complaints.length > 0) {
      socket.destroy();
      throw new Error(client.complaints[0] ?? 'the server hung up');
    }
    return client;
  }

  /** Resolves when the server has done all that was asked before; rejects when it hung up. */
  flush(): Promise<void> {
    if (this.socket.destroyed) return Promise.reject(new Error(this.complaints.at(-1) ?? 'the server hung up'));
    this.socket.write('PING\r\n');
    return new Promise((resolve, reject) => {
      this.pongs.push(() => (this.socket.destroyed ? reject(new Error(this.complaints.at(-1) ?? 'the server hung up')) : resolve()));
    });
  }

  /** The server's complaint about what was just said, if it has one. */
  async complaint(): Promise<string | undefined> {
    const before = this.complaints.length;
    await this.flush().catch(() => {});
    return this.complaints[before];
  }

  forge(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  say(subject: string, payload: string | Uint8Array, { reply, headers, head }: SayOptions = {}): void {
    const bytes = Buffer.from(payload as string);
    const to = reply === undefined ? '' : `${reply} `;
    const block = head ?? (headers === undefined ? undefined : `NATS/1.0\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    if (block === undefined) {
      this.socket.write(Buffer.concat([Buffer.from(`PUB ${subject} ${to}${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]));
      return;
    }
    const written = Buffer.from(block);
    const line = Buffer.from(`HPUB ${subject} ${to}${written.length} ${written.length + bytes.length}\r\n`);
    this.socket.write(Buffer.concat([line, written, bytes, Buffer.from('\r\n')]));
  }

  inbox(): string {
    this.requests += 1;
    return `${this.inboxes}.${this.requests.toString(36)}`;
  }

  /** The bytes of the answer; rejects when none comes in time. */
  asked(subject: string, payload: string | Uint8Array, { timeoutMs = ANSWER_MS, ...options }: SayOptions = {}): Promise<Buffer> {
    const reply = this.inbox();
    const answer = new Promise<Buffer>((resolve, reject) => {
      const cancel = setTimeout(() => reject(new Error(`no answer from ${subject} ${this.complaints.join(' ')}`)), timeoutMs);
      this.answers.set(reply, ({ payload }) => {
        clearTimeout(cancel);
        this.answers.delete(reply);
        resolve(payload);
      });
    });
    this.say(subject, payload, { ...options, reply });
    return answer;
  }

  /** The answer in JSON. */
  async ask(subject: string, payload: string | Uint8Array, options: SayOptions = {}): Promise<Value> {
    return parseJson((await this.asked(subject, payload, options)).toString());
  }

  listen(pattern: string): Heard[] {
    const heard: Heard[] = [];
    this.subscriptions += 1;
    this.listeners.set(this.subscriptions, (each) => heard.push(each));
    this.socket.write(`SUB ${pattern} ${this.subscriptions}\r\n`);
    return heard;
  }

  /** Reads nothing until `read`. */
  sleep(): void {
    this.socket.pause();
  }

  read(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }

  private hangUp(): void {
    for (const pong of this.pongs.splice(0)) pong();
  }

  private take(chunk: Buffer): void {
    this.unread.push(chunk);
    this.unreadBytes += chunk.length;
    if (this.unreadBytes < this.neededBytes) return;
    let bytes = this.unread.length === 1 ? (this.unread[0] as Buffer) : Buffer.concat(this.unread);
    for (let used = this.takeOne(bytes); used > 0; used = this.takeOne(bytes)) bytes = bytes.subarray(used);
    this.unread = [bytes];
    this.unreadBytes = bytes.length;
  }

  /** How many bytes were used; 0 when a line or payload is not whole yet. */
  private takeOne(bytes: Buffer): number {
    this.neededBytes = 0;
    const end = bytes.indexOf('\r\n');
    if (end < 0) return 0;
    const line = bytes.toString('latin1', 0, end);
    const [verb, subject, sid, ...rest] = line.split(' ');
    if (verb === 'MSG' || verb === 'HMSG') {
      const total = Number(rest.at(-1));
      const whole = end + 2 + total + 2;
      this.neededBytes = whole;
      if (bytes.length < whole) return 0;
      const head = verb === 'HMSG' ? Number(rest.at(-2)) : 0;
      this.listeners.get(Number(sid))?.({ subject: subject as string, payload: Buffer.from(bytes.subarray(end + 2 + head, end + 2 + total)) });
      return whole;
    }
    if (verb === 'PING') this.socket.write('PONG\r\n');
    else if (verb === 'PONG') this.pongs.shift()?.();
    else if (verb === '-ERR') this.complaints.push(line.slice(6, -1));
    return end + 2;
  }
}
