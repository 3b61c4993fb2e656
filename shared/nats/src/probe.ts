/**
 * What the servers are and hold, asked at the start: nothing is promised that their settings do not keep (guarantee G2).
 *
 * Without a user of the system account only the servers that can be dialled are seen, and of those not whether they fsync.
 */
import { connect } from '@nats-io/transport-node';
import { isSkepError, LIMITS, SkepError, toSkepError } from '@skep/kernel';
import type { Clock, Level } from '@skep/ports';
import { apiError, type JetStream } from './jetstream.js';
import { Link } from './link.js';
import { type ConnectOptions, type Credentials, connectionOptions } from './options.js';
import { NATS_OLDEST } from './servers/find-servers.js';

export interface ServerReport {
  readonly name: string;
  readonly version: string;
  readonly payloadBytesMax: number;
  /** Whether an acknowledgement is an fsync; undefined where only the system account could tell. */
  readonly syncAlways?: boolean;
  /** How far its clock is ahead of ours, to within the round trip. */
  readonly clockAheadMs?: number;
}

export interface ProbeReport {
  readonly servers: readonly ServerReport[];
  /** Servers that belong to the cluster as far as is known; 1 for a server alone. */
  readonly clusterSize: number;
  readonly payloadBytesMax: number;
  /** Of JetStream: which requests it understands. */
  readonly apiLevel: number;
  readonly replicas: number;
  /** The strongest level that is certain. */
  readonly holds: Level;
  /** What acknowledgements promise: the level asked for, else `holds`. */
  readonly level: Level;
  readonly warnings: readonly string[];
}

export interface ProbeOptions {
  readonly connect: ConnectOptions;
  readonly clock: Clock;
  readonly jetstream: JetStream;
  readonly system: Credentials | undefined;
  readonly level: Level | undefined;
  readonly replicas: number | undefined;
}

const LEVELS: readonly Level[] = ['memory', 'local', 'replicated', 'fsync'];
/** First of 2.11, that leads only after it has applied its log; 2.12.7 has level 2. */
const API_LEVEL_MIN = 2;
const REPLICAS_DEFAULT = 3;
/** Smallest max_payload: a message between agents of full size, in a frame that others have begun to fill. A message that never fits would be tried for ever. */
const PAYLOAD_BYTES_LEAST = LIMITS.payloadBytes + 512 * 1024;
const VISIT_MS = 2_000;
/** After the last server's word so long, all have spoken. */
const GATHER_MS = 500;
const CLOCKS_APART_MS_MAX = 1_000;

/** @throws SkepError `unavailable` while nobody answers, `not-configured` if the servers cannot hold what is asked of them */
export async function probe(options: ProbeOptions): Promise<ProbeReport> {
  const { jetstream, level: wanted } = options;
  const apiLevel = await apiLevelOf(jetstream);
  const { servers, clusterSize } = options.system === undefined ? await visit(options) : await inspect(options, options.system);
  const oldest = servers.find(({ version }) => isOlder(version, NATS_OLDEST));
  if (oldest !== undefined || apiLevel < API_LEVEL_MIN) {
    throw new SkepError('not-configured', {
      message: `NATS server ${oldest?.name ?? ''} has version ${oldest?.version ?? jetstream.link.server?.version}, which lacks what lanes rest on`,
      remedy: `Install nats-server ${NATS_OLDEST} or newer on every server.`,
    });
  }
  const clustered = clusterSize > 1 || jetstream.link.server?.cluster !== undefined;
  const replicas = options.replicas ?? (clustered ? REPLICAS_DEFAULT : 1);
  const holds = strongest(servers, replicas);
  if (wanted !== undefined && LEVELS.indexOf(wanted) > LEVELS.indexOf(holds)) throw cannotHold(wanted, holds, servers, replicas);
  const payloadBytesMax = Math.min(...servers.map((server) => server.payloadBytesMax), jetstream.link.payloadBytesMax);
  if (payloadBytesMax < PAYLOAD_BYTES_LEAST) {
    throw new SkepError('not-configured', {
      message: `the NATS servers take ${payloadBytesMax} bytes at once (max_payload); messages of up to ${LIMITS.payloadBytes} bytes need ${PAYLOAD_BYTES_LEAST}`,
      remedy: `Set "max_payload: ${2 * LIMITS.recordBytes}" in the configuration of every server, then reload it.`,
    });
  }
  return {
    servers,
    clusterSize,
    payloadBytesMax,
    apiLevel,
    replicas,
    holds,
    level: wanted ?? holds,
    warnings: warnings({ servers, clusterSize, payloadBytesMax }),
  };
}

function strongest(servers: readonly ServerReport[], replicas: number): Level {
  if (servers.every(({ syncAlways }) => syncAlways === true)) return 'fsync';
  return replicas >= 3 ? 'replicated' : 'memory';
}

function cannotHold(wanted: Level, holds: Level, servers: readonly ServerReport[], replicas: number): SkepError {
  const lazy = servers.filter(({ syncAlways }) => syncAlways === false).map(({ name }) => name);
  const unseen = servers.some(({ syncAlways }) => syncAlways === undefined);
  const why = [
    ...(lazy.length > 0 ? [`${lazy.join(', ')} acknowledge before they fsync`] : []),
    ...(unseen ? ['whether the servers fsync can only be seen by a user of the system account'] : []),
    ...(wanted === 'replicated' ? [`there ${replicas === 1 ? 'is one copy' : `are ${replicas} copies`} of everything`] : []),
  ].join('; ');
  return new SkepError('not-configured', {
    message: `level ${wanted} was asked for, and the NATS servers hold ${holds}: ${why}`,
    remedy: `Set "sync_interval: always" in the jetstream block of every server${unseen ? ' and give the credentials of a system user' : ''}, or ask for level ${holds}.`,
  });
}

function warnings({
  servers,
  clusterSize,
  payloadBytesMax,
}: {
  servers: readonly ServerReport[];
  clusterSize: number;
  payloadBytesMax: number;
}): string[] {
  const found: string[] = [];
  if (servers.some(({ syncAlways }) => syncAlways === undefined)) found.push('no system user was given: whether the servers fsync is not known');
  if (servers.length < clusterSize) found.push(`${clusterSize - servers.length} of ${clusterSize} servers were not seen`);
  if (clusterSize === 2) found.push('two servers have no majority when one is away; use three');
  if (payloadBytesMax < 2 * LIMITS.recordBytes) {
    found.push(`max_payload is ${payloadBytesMax}: records of up to ${LIMITS.recordBytes} bytes need ${2 * LIMITS.recordBytes}`);
  }
  for (const { name, clockAheadMs } of servers) {
    if (clockAheadMs !== undefined && Math.abs(clockAheadMs) > CLOCKS_APART_MS_MAX) found.push(`the clock of ${name} differs by ${clockAheadMs} ms`);
  }
  return found;
}

async function apiLevelOf(jetstream: JetStream): Promise<number> {
  const answer = await jetstream.api('INFO');
  if (answer.kind === 'ok') return Number((answer.body.api as { level?: number } | undefined)?.level ?? 0);
  throw apiError('JetStream', answer);
}

/** Dials each server that was named, for a moment. Those that do not answer are not in the report. */
async function visit({ connect: named, jetstream }: ProbeOptions): Promise<{ servers: readonly ServerReport[]; clusterSize: number }> {
  const seen = new Map<string, ServerReport>();
  const own = jetstream.link.server;
  const note = (info: { server_name?: string; server_id: string; version: string; max_payload: number }): void => {
    seen.set(info.server_id, { name: info.server_name ?? info.server_id, version: info.version, payloadBytesMax: info.max_payload });
  };
  if (own !== undefined) note(own as typeof own & { server_name?: string });
  await Promise.all(
    named.servers.map(async (server) => {
      const options = { ...connectionOptions({ ...named, servers: [server] }, 'probe'), reconnect: false, timeout: VISIT_MS };
      const connection = await connect(options).catch(() => undefined);
      if (connection?.info !== undefined) note(connection.info as typeof connection.info & { server_name?: string });
      await connection?.close();
    }),
  );
  return { servers: [...seen.values()].sort(byName), clusterSize: Math.max(seen.size, named.servers.length, own?.connect_urls?.length ?? 0) };
}

interface Varz {
  readonly server: { readonly name: string; readonly time: string };
  readonly data: {
    readonly version: string;
    readonly max_payload: number;
    readonly jetstream?: { readonly config?: { readonly sync_always?: boolean }; readonly meta?: { readonly cluster_size?: number } };
  };
}

/** Asks every server through the system account. */
async function inspect(
  { connect: named, clock, jetstream }: ProbeOptions,
  system: Credentials,
): Promise<{ servers: readonly ServerReport[]; clusterSize: number }> {
  const { servers, tls, ignoreGossip } = named;
  const connection = connectionOptions(
    {
      servers,
      ...(tls === undefined ? {} : { tls }),
      ...(ignoreGossip === undefined ? {} : { ignoreGossip }),
      ...system,
      name: named.name ?? 'skep',
    },
    'probe',
  );
  const link = new Link({ connection, clock, inbox: `${jetstream.link.inbox}.system` });
  try {
    await connected(link, clock);
    const found: ServerReport[] = [];
    let clusterSize = 1;
    const gather = async (timeoutMs: number): Promise<void> => {
      const askedMs = clock.nowMs();
      await link.askMany('$SYS.REQ.SERVER.PING.VARZ', new Uint8Array(0), { timeoutMs }, (message) => {
        const { server, data } = message.json<Varz>();
        clusterSize = Math.max(clusterSize, data.jetstream?.meta?.cluster_size ?? 1);
        const clockAheadMs = Math.round(Date.parse(server.time) - (askedMs + clock.nowMs()) / 2);
        const { version, max_payload: payloadBytesMax } = data;
        // A server without JetStream keeps nothing of ours.
        if (data.jetstream?.config !== undefined && found.every(({ name }) => name !== server.name)) {
          found.push({ name: server.name, version, payloadBytesMax, syncAlways: data.jetstream.config.sync_always === true, clockAheadMs });
        }
        return found.length >= clusterSize && clusterSize > 1;
      });
    };
    await gather(GATHER_MS);
    // One may be away, or late.
    if (found.length < clusterSize) await gather(GATHER_MS);
    if (found.length === 0) throw new SkepError('unavailable', { message: 'no server answers the system user' });
    return { servers: found.sort(byName), clusterSize };
  } catch (error) {
    if (!isSkepError(error, 'not-configured')) throw error;
    throw new SkepError('not-configured', {
      message: `system user: ${toSkepError(error).message}`,
      remedy: 'Give credentials of a user of the system account.',
      cause: error,
    });
  } finally {
    await link.close();
  }
}

/** @throws SkepError `unavailable`, `not-configured` */
async function connected(link: Link, clock: Clock): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.setTimer(VISIT_MS, () =>
      settle(() => reject(new SkepError('unavailable', { message: 'no server answers the system user' }))),
    );
    const look = (): void => {
      const { state } = link;
      if (state.kind === 'connected') settle(resolve);
      if (state.kind === 'refused') settle(() => reject(state.error));
    };
    const endStates = link.onState(look);
    const settle = (then: () => void): void => {
      cancel();
      endStates();
      then();
    };
    look();
  });
}

function byName(one: ServerReport, two: ServerReport): number {
  return one.name < two.name ? -1 : 1;
}

function isOlder(version: string, than: string): boolean {
  const [one, two] = [version, than].map((text) => text.split('-')[0]?.split('.').map(Number) ?? []) as [number[], number[]];
  for (let at = 0; at < 3; at += 1) {
    const difference = (one[at] ?? 0) - (two[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
