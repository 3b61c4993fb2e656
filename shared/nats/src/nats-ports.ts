/**
 * The assembly: three connections, the adapters on them, and a start that waits for servers.
 *
 * - A1 Bus, lanes with registry, and blobs have a connection each: a large blob or a long read must not hold up heartbeats, nor appends.
 * - A2 Nothing is written before the servers were probed and the streams compared. Until then, and while servers are away, everything but the bus rejects
 *   with `unavailable`; a refusal (wrong credentials, a level that the servers do not hold) is final and is told by every call.
 */
import { type HashHex, type LaneId, SkepError, toHex, toSkepError } from '@skep/kernel';
import type { Blob, Bus, Level, Log, Ports, Registry } from '@skep/ports';
import { JetStream } from './jetstream.js';
import { Link, type LinkState } from './link.js';
import { NatsBlob } from './nats-blob.js';
import { NatsBus } from './nats-bus.js';
import { NatsLog } from './nats-log.js';
import { NatsRegistry } from './nats-registry.js';
import { connectionOptions, type NatsPortsOptions, NODE_INBOX, ROOT } from './options.js';
import { PeerClosings } from './peer-closings.js';
import { type ProbeReport, probe } from './probe.js';
import { ensureStreams, LOG_SHARDS_DEFAULT, limitLogs, names } from './streams.js';

/** How long one request to JetStream is waited for. */
const ANSWER_MS = 500;
/** A write whose outcome cannot be found out within this many answers' time is `outcome-unknown`. */
const SETTLE_ANSWERS = 5;
const OPEN_RETRY_MS = 250;

export interface NatsPorts extends Ports {
  readonly log: Log & { readonly entryBytesMax: number };
  /** Resolves when everything is served for the first time; rejects only when it never will be. */
  readonly ready: Promise<ProbeReport>;
  /** The bus's connection. */
  readonly state: LinkState;
  /** Called at each change of the bus's connection. Returns the function that ends it. */
  onState(listener: (state: LinkState) => void): () => void;
  /**
   * Called with the name of a node whose connections were all closed, as far as the servers say so: a hint that it died. Told of nobody unless `system`
   * was given. Returns the function that ends it.
   */
  onPeerClosed(listener: (name: string) => void): () => void;
  /**
   * How much each stream of lanes may hold from now on, in bytes; -1 is without limit. A full one refuses with `disk-full` and takes more when it may.
   * @throws SkepError `invalid-input` for less than they hold, `unavailable`, `outcome-unknown`
   */
  limitLogs(bytesMax: number): Promise<void>;
  /** Resolves when the servers have taken notice of all subscriptions made so far. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Opened {
  readonly report: ProbeReport;
  readonly jetstream: JetStream;
  readonly log: NatsLog;
  readonly registry: NatsRegistry;
  readonly blob: NatsBlob;
}

/** Returns at once, also while the servers are away. @throws SkepError `not-configured` for options that cannot be */
export function natsPorts(options: NatsPortsOptions): NatsPorts {
  return new Assembly(options).ports;
}

/** A bus alone, for clients. */
export function natsBus(options: Pick<NatsPortsOptions, 'clock' | 'random'> & Parameters<typeof connectionOptions>[0]): {
  readonly bus: Bus;
  readonly state: LinkState;
  onState(listener: (state: LinkState) => void): () => void;
  flush(): Promise<void>;
} {
  const link = linkOf(options, 'bus');
  return {
    bus: new NatsBus(link, options.clock),
    get state() {
      return link.state;
    },
    onState: (listener) => link.onState(listener),
    flush: () => link.flush(),
  };
}

function linkOf(options: Pick<NatsPortsOptions, 'clock' | 'random'> & Parameters<typeof connectionOptions>[0], purpose: string): Link {
  const inbox = `${options.inboxPrefix ?? NODE_INBOX}.${toHex(options.random.bytes(10))}`;
  return new Link({ connection: connectionOptions(options, purpose), clock: options.clock, inbox });
}

class Assembly {
  readonly ports: NatsPorts;
  readonly #links: { readonly bus: Link; readonly store: Link; readonly blob: Link };
  readonly #settings: { readonly root: string; readonly answerMs: number };
  readonly #watches = new Set<{ begin(registry: Registry): void }>();
  readonly #writerId: string;
  #closings: PeerClosings | undefined;
  #writes = 0;
  #opened: Opened | undefined;
  #why = new SkepError('unavailable', { message: 'no NATS server was reached yet' });
  #closed = false;

  constructor(private readonly options: NatsPortsOptions) {
    const { clock, random } = options;
    this.#links = { bus: linkOf(options, 'bus'), store: linkOf(options, 'store'), blob: linkOf(options, 'blob') };
    this.#settings = { root: options.root ?? ROOT, answerMs: options.answerMs ?? ANSWER_MS };
    this.#writerId = toHex(random.bytes(8));
    const ready = this.#open();
    ready.catch(() => {});
    const busLink = this.#links.bus;
    this.ports = {
      bus: new NatsBus(busLink, clock),
      log: this.#log(),
      registry: this.#registry(),
      blob: this.#blob(),
      clock,
      random,
      ready,
      get state() {
        return busLink.state;
      },
      onState: (listener) => busLink.onState(listener),
      onPeerClosed: (listener) => this.#onPeerClosed(listener),
      limitLogs: async (bytesMax) => limitLogs(this.#must().jetstream, { root: this.#settings.root, bytesMax }),
      flush: () => busLink.flush(),
      close: () => this.#close(),
    };
  }

  #must(): Opened {
    if (this.#closed) throw new SkepError('closed', { message: 'the ports over NATS are closed' });
    if (this.#opened === undefined) throw this.#why;
    return this.#opened;
  }

  #onPeerClosed(listener: (name: string) => void): () => void {
    const { system, clock } = this.options;
    if (system === undefined || this.#closed) return () => {};
    const { bus } = this.#links;
    this.#closings ??= new PeerClosings({ connect: this.options, system, clock, own: bus, inbox: `${bus.inbox}.closings` });
    return this.#closings.listen(listener);
  }

  #log(): NatsPorts['log'] {
    const assembly = this;
    const level = (): Level => this.#opened?.report.level ?? this.options.level ?? 'memory';
    return {
      get level() {
        return level();
      },
      exclusive: false,
      get entryBytesMax() {
        return assembly.#must().log.entryBytesMax;
      },
      append: async (lane: LaneId, bytes, expected) => this.#must().log.append(lane, bytes, expected),
      read: async (lane: LaneId, from, options) => this.#must().log.read(lane, from, options),
      last: async (lane: LaneId) => this.#must().log.last(lane),
      trim: async (lane: LaneId, below) => this.#must().log.trim(lane, below),
    };
  }

  #registry(): Registry {
    return {
      get: async (key) => this.#must().registry.get(key),
      update: async (key, value, expected) => this.#must().registry.update(key, value, expected),
      list: async (prefix, options) => this.#must().registry.list(prefix, options),
      watch: (prefix, listener) => {
        if (this.#opened !== undefined) return this.#opened.registry.watch(prefix, listener);
        let stop = (): void => {};
        const waiting = {
          begin: (registry: Registry): void => {
            stop = registry.watch(prefix, listener);
          },
        };
        this.#watches.add(waiting);
        return () => {
          this.#watches.delete(waiting);
          stop();
        };
      },
    };
  }

  #blob(): Blob {
    return {
      put: async (bytes) => this.#must().blob.put(bytes),
      get: async (hash: HashHex) => this.#must().blob.get(hash),
      has: async (hash: HashHex) => this.#must().blob.has(hash),
      delete: async (hash: HashHex) => this.#must().blob.delete(hash),
    };
  }

  /** Until it succeeds, or cannot. */
  async #open(): Promise<ProbeReport> {
    const { store } = this.#links;
    while (!this.#closed) {
      try {
        await this.#connected(store);
        this.#opened = await this.#tryOpen();
        for (const waiting of this.#watches) waiting.begin(this.#opened.registry);
        this.#watches.clear();
        return this.#opened.report;
      } catch (error) {
        if (this.#closed) break;
        this.#why = toSkepError(error);
        if (this.#why.retry !== 'later') throw error;
        await new Promise<void>((resolve) => this.options.clock.setTimer(OPEN_RETRY_MS, resolve));
      }
    }
    throw new SkepError('closed', { message: 'the ports over NATS were closed before they were open' });
  }

  async #tryOpen(): Promise<Opened> {
    const { clock, level, replicas: asked, system, logShards = LOG_SHARDS_DEFAULT, logBytesMax = -1 } = this.options;
    const { root, answerMs } = this.#settings;
    const jetstream = new JetStream(this.#links.store, answerMs);
    const report = await probe({ connect: this.options, clock, jetstream, system, level, replicas: asked });
    const { replicas } = report;
    const storage = level === 'memory' ? 'memory' : 'file';
    const { logShards: shards } = await ensureStreams(jetstream, { root, storage, replicas, logShards, logBytesMax });
    const registryInfo = await jetstream.info(names.registryStream(root));
    if (registryInfo.kind !== 'ok') throw new SkepError('unavailable', { message: 'the registry does not answer' });
    const openedAt = Number((registryInfo.body.state as { last_seq: number }).last_seq);
    const common = { jetstream, clock, root, replicas, settleMs: SETTLE_ANSWERS * answerMs, writeId: () => this.#writeId() };
    return {
      ...{ report, jetstream },
      log: new NatsLog({ ...common, shards, level: report.level }),
      registry: new NatsRegistry({ ...common, openedAt }),
      blob: new NatsBlob({ ...common, jetstream: new JetStream(this.#links.blob, answerMs) }),
    };
  }

  /** Resolves with the first connection. @throws SkepError `not-configured` when the credentials are refused, `closed` */
  #connected(link: Link): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const { state } = link;
        if (state.kind === 'connecting') {
          if (state.why !== undefined) this.#why = new SkepError('unavailable', { message: `no NATS server answers (${state.why})` });
          return;
        }
        endStates();
        if (state.kind === 'connected') resolve();
        else reject(state.kind === 'refused' ? state.error : new SkepError('closed', { message: 'the ports over NATS are closed' }));
      };
      const endStates = link.onState(look);
      look();
    });
  }

  #writeId(): string {
    this.#writes += 1;
    return `${this.#writerId}-${this.#writes.toString(36)}`;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#opened?.registry.close();
    const { bus, store, blob } = this.#links;
    await Promise.all([this.ports.bus.close(), bus.close(), store.close(), blob.close(), this.#closings?.close()]);
  }
}
