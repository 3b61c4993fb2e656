/**
 * When a cluster is whole: every server that should run says that its JetStream is current, they agree on one meta leader,
 * the leader sees every peer, and every stream has a leader too. Only then can a stream with three replicas be placed, and one
 * that is there be used.
 *
 * - R1 A server places nothing on a peer whose statistics it has not heard, and says nothing of it. They are broadcast now and
 *   then; we ask for them, and listen at every server until each has heard all others.
 */
import { connect, type NatsConnection, nkeyAuthenticator, type TlsOptions } from '@nats-io/transport-node';
import { SkepError } from '@skep/kernel';
import { LOOPBACK } from './free-ports.js';

export interface SettledQuestion {
  readonly servers: readonly { readonly name: string; readonly port: number }[];
  /** How many servers the cluster has, running or not; 1 for a server alone. */
  readonly size: number;
  /** The secret of a user of the system account. */
  readonly systemSeed: Uint8Array;
  readonly tls?: TlsOptions;
  readonly limitMs: number;
}

const POLL_MS = 30;

const REQUEST_MS_MAX = 1_000;

/** What we read of the answer to JSZ. */
interface JetStreamState {
  readonly meta_cluster?: { readonly leader?: string; readonly replicas?: readonly { readonly current?: boolean; readonly offline?: boolean }[] };
  readonly account_details?: readonly {
    readonly stream_detail?: readonly { readonly name: string; readonly cluster?: { readonly leader?: string } }[];
  }[];
}

interface Health {
  readonly name: string;
  /** Undefined when all is well. */
  readonly problem: string | undefined;
  readonly leader: string;
  /** Peers that this server, as the leader, sees in order; undefined when it is not the leader. */
  readonly peersInOrder: number | undefined;
}

/** A connection of the system account to one server. */
interface Probe {
  readonly connection: NatsConnection;
  /** R1: names of the servers whose statistics went by. */
  readonly heard: Set<string>;
}

/** Throws `unavailable`, naming the servers that are not ready and what they say, when the limit passes. */
export async function untilSettled(question: SettledQuestion): Promise<void> {
  const deadlineMs = performance.now() + question.limitMs;
  const probes = new Map<string, Probe>();
  let problem = 'no server was asked';
  try {
    for (;;) {
      problem = problemOf(await Promise.all(question.servers.map((server) => ask(server, question, probes))), question);
      if (problem === '') return;
      if (performance.now() > deadlineMs) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    await Promise.all([...probes.values()].map(({ connection }) => connection.close()));
  }
  throw new SkepError('unavailable', {
    message: `the NATS servers were not ready within ${question.limitMs} ms: ${problem}`,
    remedy: "Look at the servers' logs; a busy machine may need a longer limit.",
  });
}

function problemOf(healths: readonly Health[], { size, servers }: SettledQuestion): string {
  const ill = healths.filter((each) => each.problem !== undefined).map(({ name, problem }) => `${name}: ${problem}`);
  if (ill.length > 0 || size === 1) return ill.join('; ');
  const leaders = new Set(healths.map(({ leader }) => leader));
  if (leaders.size !== 1 || leaders.has('')) return `no agreed leader (${[...leaders].map((each) => each || 'none').join(', ')})`;
  const leader = healths.find(({ peersInOrder }) => peersInOrder !== undefined);
  if (leader === undefined) return 'the leader is not among the servers that run';
  return leader.peersInOrder === servers.length - 1 ? '' : `${leader.name} leads, but sees ${leader.peersInOrder} of ${servers.length - 1} peers`;
}

async function ask(server: SettledQuestion['servers'][number], question: SettledQuestion, probes: Map<string, Probe>): Promise<Health> {
  const { name } = server;
  try {
    const probe = probes.get(name) ?? (await open(server.port, question));
    probes.set(name, probe);
    const { connection, heard } = probe;
    const subject = `$SYS.REQ.SERVER.${connection.info?.server_id}`;
    const unheard = question.servers.filter((each) => !heard.has(each.name)).map((each) => each.name);
    // Without a reply subject every server tells everybody.
    if (unheard.length > 0) connection.publish('$SYS.REQ.SERVER.PING');
    const request = async (what: string, body: unknown) => {
      const reply = await connection.request(`${subject}.${what}`, JSON.stringify(body), { timeout: REQUEST_MS_MAX });
      return reply.json<{ data?: Record<string, unknown>; error?: { description?: string } }>();
    };
    // A server takes statistics in before it answers what was asked after they went by.
    const health = await request('HEALTHZ', {});
    const status = health.data?.status;
    const data: JetStreamState | undefined = (await request('JSZ', { accounts: true, streams: true })).data;
    const meta = data?.meta_cluster;
    const streams = (data?.account_details ?? []).flatMap(({ stream_detail }) => stream_detail ?? []);
    const leaderless = streams.filter(({ cluster }) => cluster !== undefined && (cluster.leader ?? '') === '').map(({ name: stream }) => stream);
    const problems = [
      ...(status === 'ok' ? [] : [String(health.data?.error ?? health.error?.description ?? status)]),
      ...(leaderless.length === 0 ? [] : [`no leader for ${leaderless.join(', ')}`]),
      ...(unheard.length === 0 ? [] : [`has not heard of ${unheard.join(', ')}`]),
    ];
    const peers = meta?.replicas ?? [];
    return {
      name,
      problem: problems.length === 0 ? undefined : problems.join(', '),
      leader: meta?.leader ?? '',
      peersInOrder: meta?.leader === name ? peers.filter(({ current, offline }) => current === true && offline !== true).length : undefined,
    };
  } catch (error) {
    await probes.get(name)?.connection.close();
    probes.delete(name);
    return { name, problem: error instanceof Error ? error.message : String(error), leader: '', peersInOrder: undefined };
  }
}

async function open(port: number, { systemSeed, tls }: SettledQuestion): Promise<Probe> {
  const connection = await connect({
    servers: `${LOOPBACK}:${port}`,
    authenticator: nkeyAuthenticator(systemSeed),
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: REQUEST_MS_MAX,
    name: 'skep: is it ready',
    ...(tls === undefined ? {} : { tls }),
  });
  const heard = new Set<string>();
  connection.subscribe('$SYS.SERVER.*.STATSZ', {
    callback: (_, message) => {
      const { server } = message.json<{ server?: { name?: string } }>();
      if (server?.name !== undefined) heard.add(server.name);
    },
  });
  return { connection, heard };
}
