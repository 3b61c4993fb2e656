/** Real servers for real faults: a NATS cluster with credentials, and, where links shall fail, a proxy in front of everything. Lasts for several rounds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@skep/embedded';
import { type NatsPorts, natsPorts } from '@skep/nats';
import {
  type Cluster,
  type Flavour,
  forgetFolder,
  guardFolder,
  makeCredentials,
  type NatsServer,
  startCluster,
  startProxiedCluster,
  startToxiproxy,
  type ToxicProxy,
} from '@skep/nats/servers';
import { secretOf } from './secret.js';

export interface SiteOptions {
  readonly flavour: Flavour;
  /** Who has a way of his own to each server, that can be cut; nobody, unless given. */
  readonly proxiedNodes?: readonly string[];
}

export interface Site {
  readonly dir: string;
  readonly cluster: Cluster;
  readonly keyFile: string;
  readonly systemKeyFile: string;
  readonly proxied: boolean;
  /** Where a node finds the servers. */
  urlsOf(node: string): readonly string[];
  /** Between a node and a server, by its index. @throws Error where nothing is proxied */
  link(node: string, server: number): ToxicProxy;
  /** Between two servers. @throws Error where nothing is proxied */
  route(one: number, other: number): ToxicProxy;
  heal(): Promise<void>;
  /** The server that leads most of the streams now. */
  leader(): Promise<NatsServer>;
  /** What the fullest stream holds now. */
  logBytes(): Promise<number>;
  /** Ports beside the swarm, past every proxy. */
  auditor(): NatsPorts;
  close(): Promise<void>;
}

interface StreamState {
  readonly name: string;
  readonly state?: { readonly bytes?: number };
  readonly cluster?: { readonly leader?: string };
}

interface JetStreamStates {
  readonly account_details?: readonly { readonly stream_detail?: readonly StreamState[] }[];
}

const ANSWER_MS = 2_000;

export async function startSite({ flavour, proxiedNodes }: SiteOptions): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'skep-faults-'));
  guardFolder(dir);
  const credentials = makeCredentials(join(dir, 'credentials'));
  const options = { flavour, credentials, monitor: true } as const;
  const proxies = proxiedNodes === undefined ? undefined : await startProxiedCluster(options);
  const cluster = proxies?.cluster ?? (await startCluster(options));
  const toxiproxy = proxies === undefined ? undefined : await startToxiproxy();
  const links = new Map<string, readonly ToxicProxy[]>();
  const keyFile = credentials.keyFile({ role: 'node' });
  const systemKeyFile = credentials.keyFile({ role: 'system' });
  const close = async (): Promise<void> => {
    await proxies?.close();
    if (proxies === undefined) await cluster.close();
    await toxiproxy?.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    forgetFolder(dir);
  };
  try {
    for (const node of proxiedNodes ?? []) {
      const made = cluster.servers.map((server, index) => toxiproxy?.createProxy(`${node}-${index}`, server.directPort));
      links.set(node, (await Promise.all(made)) as readonly ToxicProxy[]);
    }
    await cluster.ready;
  } catch (error) {
    await close();
    throw error;
  }
  const must = <Thing>(thing: Thing | undefined, what: string): Thing => {
    if (thing === undefined) throw new Error(`there is no proxy ${what}`);
    return thing;
  };
  return {
    ...{ dir, cluster, keyFile, systemKeyFile, proxied: proxies !== undefined, close },
    urlsOf: (node) => links.get(node)?.map(({ port }) => `nats://127.0.0.1:${port}`) ?? cluster.servers.map(directUrl),
    link: (node, server) => must(links.get(node)?.[server], `between ${node} and server ${server}`),
    route: (one, other) => must(proxies, 'between servers').route(one, other),
    heal: async () => {
      await proxies?.heal();
      await Promise.all([...links.values()].flat().map((proxy) => proxy.heal()));
    },
    leader: () => leaderOf(cluster),
    logBytes: async () => Math.max(...(await streamsOf(cluster)).filter(({ name }) => name.includes('-log-')).map(({ state }) => state?.bytes ?? 0)),
    auditor: () =>
      natsPorts({
        ...{ servers: cluster.servers.map(directUrl), name: 'auditor', ignoreGossip: true, clock: systemClock, random: systemRandom },
        nkeySeed: secretOf(keyFile),
      }),
  };
}

async function leaderOf(cluster: Cluster): Promise<NatsServer> {
  const leads = new Map<string, number>();
  for (const { cluster: group } of await streamsOf(cluster)) {
    if (group?.leader !== undefined) leads.set(group.leader, (leads.get(group.leader) ?? 0) + 1);
  }
  const running = cluster.servers.filter(({ state }) => state === 'running');
  const [first] = [...running].sort((one, other) => (leads.get(other.name) ?? 0) - (leads.get(one.name) ?? 0));
  if (first === undefined) throw new Error('no NATS server runs');
  return first;
}

/** As each server sees them. */
async function streamsOf({ servers }: Cluster): Promise<readonly StreamState[]> {
  const running = servers.filter(({ state }) => state === 'running');
  const told = await Promise.all(
    running.map(async ({ monitorUrl }) => {
      const response = await fetch(`${monitorUrl}/jsz?accounts=true&streams=true`, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => undefined);
      return ((await response?.json()) ?? {}) as JetStreamStates;
    }),
  );
  return told.flatMap(({ account_details = [] }) => account_details).flatMap(({ stream_detail }) => stream_detail ?? []);
}

const directUrl = ({ directPort }: NatsServer): string => `nats://127.0.0.1:${directPort}`;
