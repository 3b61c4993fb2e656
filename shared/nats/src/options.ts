/** What a swarm is told about its servers, resolved once. */
import { type Authenticator, type ConnectionOptions, credsAuthenticator, nkeyAuthenticator } from '@nats-io/transport-node';
import { SkepError } from '@skep/kernel';
import type { Clock, Level, Random } from '@skep/ports';

/** How somebody proves who he is: one of these. */
export interface Credentials {
  /** Asked at each dial: keys may change while a node runs. */
  readonly authenticator?: Authenticator;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Contents of a `.creds` file. */
  readonly creds?: Uint8Array;
  /** An nkey's seed. */
  readonly nkeySeed?: Uint8Array;
}

export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface ConnectOptions extends Credentials {
  /** `nats://host:port`; more are learnt from the servers themselves. */
  readonly servers: readonly string[];
  readonly tls?: TlsFiles;
  /** Shown by the servers' monitoring: the incarnation of a node, say. */
  readonly name?: string;
  /**
   * What inboxes begin with; `_INBOX.NODE` by default. A client of a tenant has `_INBOX.<tenant>`, as a token: nodes answer it nowhere else.
   */
  readonly inboxPrefix?: string;
  /** Ignores what servers tell of each other; for proxies. False by default. */
  readonly ignoreGossip?: boolean;
}

export interface NatsPortsOptions extends ConnectOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What acknowledgements must survive. The servers are held to it; left out: the strongest that they hold. */
  readonly level?: Level;
  /** Copies of everything; 3 in a cluster, 1 on a single server, unless given. */
  readonly replicas?: number;
  /** Streams that lanes are spread over, fixed when the first one is made; 4 by default. */
  readonly logShards?: number;
  /** First token of subjects and of streams' names; `_skep` by default. */
  readonly root?: string;
  /** Of the system account: to see every server and its settings. */
  readonly system?: Credentials;
  /** Storage of each lane stream; unlimited by default. */
  readonly logBytesMax?: number;
  /** An append that was not acknowledged within this is looked after. */
  readonly answerMs?: number;
}

export const NODE_INBOX = '_INBOX.NODE';
export const ROOT = '_skep';
/** Connections that each node has, by what they are for; their names end in it. */
export const LINKS = ['bus', 'store', 'blob'] as const;
/** Pings: a dead connection is noticed after two to three of them. */
const PING_MS = 500;
const PINGS_OUT_MAX = 2;
const DIAL_MS = 1_000;
const REDIAL_MS = 100;

/** @throws SkepError `not-configured` */
export function connectionOptions(options: ConnectOptions, purpose: string): ConnectionOptions {
  if (options.servers.length === 0) {
    throw new SkepError('not-configured', { message: 'no NATS server is named', remedy: 'Give `servers`, such as nats://127.0.0.1:4222.' });
  }
  return {
    ...credentialOptions(options),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    servers: [...options.servers],
    name: `${options.name ?? 'skep'} ${purpose}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: REDIAL_MS,
    reconnectJitter: REDIAL_MS,
    timeout: DIAL_MS,
    pingInterval: PING_MS,
    maxPingOut: PINGS_OUT_MAX,
    ignoreAuthErrorAbort: true,
    ignoreClusterUpdates: options.ignoreGossip ?? false,
    noAsyncTraces: true,
  };
}

function credentialOptions({ authenticator: given, user, password, token, creds, nkeySeed }: Credentials): ConnectionOptions {
  const authenticator: Authenticator[] = [
    ...(given === undefined ? [] : [given]),
    ...(creds === undefined ? [] : [credsAuthenticator(creds)]),
    ...(nkeySeed === undefined ? [] : [nkeyAuthenticator(nkeySeed)]),
  ];
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(authenticator.length === 0 ? {} : { authenticator }),
  };
}
