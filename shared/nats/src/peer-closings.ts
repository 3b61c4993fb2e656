/**
 * Who went away, as the servers saw it: a process that dies closes all of its connections, and they tell the system account. A hint, never a
 * proof, and never complete: a server that dies with its clients says nothing.
 *
 * - P1 Told only of a peer that closed all of its connections within a moment, from its own side: one that loses its server, or changes it, is not gone.
 * - P2 Only connections of this node's own user count: everybody chooses the names of his connections himself.
 */
import type { Clock } from '@skep/ports';
import { Link } from './link.js';
import { type ConnectOptions, type Credentials, connectionOptions, LINKS } from './options.js';

export interface PeerClosingsOptions {
  readonly connect: ConnectOptions;
  readonly system: Credentials;
  readonly clock: Clock;
  /** A connection of this node. */
  readonly own: Link;
  readonly inbox: string;
}

interface Disconnected {
  readonly client: { readonly name?: string; readonly user?: string };
  readonly reason: string;
}

/** Its own side closed it, or broke off in the middle of something. */
const FROM_ITS_SIDE: ReadonlySet<string> = new Set(['Client Closed', 'Read Error', 'Write Error']);
/** Connections that are closed this far apart are not one process that died. */
const TOGETHER_MS = 300;
const ANSWER_MS = 1_000;
const PEERS_MAX = 4_096;

export class PeerClosings {
  readonly #link: Link;
  readonly #listeners = new Set<(name: string) => void>();
  /** When which connection of a peer was closed last. */
  readonly #closed = new Map<string, Map<string, number>>();
  #user: Promise<string | undefined> | undefined;

  constructor(private readonly options: PeerClosingsOptions) {
    const { connect, system, clock, inbox } = options;
    const { servers, tls, ignoreGossip, name } = connect;
    const connection = connectionOptions(
      {
        ...{ servers, ...system },
        ...(tls === undefined ? {} : { tls }),
        ...(ignoreGossip === undefined ? {} : { ignoreGossip }),
        ...(name === undefined ? {} : { name }),
      },
      'watch',
    );
    this.#link = new Link({ connection, clock, inbox });
    this.#link.subscribe('$SYS.ACCOUNT.*.DISCONNECT', (message) => void this.#heard(message.json<Disconnected>()));
  }

  /** Returns the function that ends it. */
  listen(listener: (name: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #heard({ client, reason }: Disconnected): Promise<void> {
    const { name = '', user } = client;
    const purpose = LINKS.find((each) => name.endsWith(` ${each}`));
    if (purpose === undefined || !FROM_ITS_SIDE.has(reason)) return;
    const nowMs = this.options.clock.monotonicMs();
    // P2
    if (user === undefined || user !== (await this.#ownUser())) return;
    const peer = name.slice(0, -purpose.length - 1);
    const closed = this.#closed.get(peer) ?? new Map<string, number>();
    this.#closed.set(peer, closed.set(purpose, nowMs));
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= PEERS_MAX) break;
      this.#closed.delete(oldest);
    }
    // P1
    if (LINKS.some((each) => nowMs - (closed.get(each) ?? Number.NEGATIVE_INFINITY) > TOGETHER_MS)) return;
    this.#closed.delete(peer);
    for (const listener of [...this.#listeners]) listener(peer);
  }

  /** As whom the servers know this node. */
  async #ownUser(): Promise<string | undefined> {
    this.#user ??= this.#askOwnUser();
    const user = await this.#user;
    // Asked again at the next closing.
    if (user === undefined) this.#user = undefined;
    return user;
  }

  async #askOwnUser(): Promise<string | undefined> {
    const { server } = this.options.own;
    if (server === undefined) return undefined;
    const question = new TextEncoder().encode(JSON.stringify({ cid: server.client_id, auth: true }));
    const answer = await this.#link.ask(`$SYS.REQ.SERVER.${server.server_id}.CONNZ`, question, { timeoutMs: ANSWER_MS });
    if (answer.kind !== 'answer') return undefined;
    const { data } = answer.message.json<{ readonly data?: { readonly connections?: readonly { readonly authorized_user?: string }[] } }>();
    return data?.connections?.[0]?.authorized_user;
  }
}
