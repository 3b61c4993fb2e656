/**
 * A cluster of one's own on 127.0.0.1: for tests, demonstrations, and `skep up`.
 *
 * - C1 A cluster that is not detached ends with the process that started it, however that ends (guardian.ts).
 * - C2 A cluster comes back on its folder: names are kept there, ports may change from start to start.
 * - C3 Nobody joins by accident: routes need a password that only these servers have.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { SkepError } from '@skep/kernel';
import { type Flavour, findServers, mustFindServer } from './find-servers.js';
import { freePorts } from './free-ports.js';
import { forgetFolder, guardFolder } from './guardian.js';
import { isPortClash, NatsServer } from './nats-server.js';
import type { AccessPlan } from './server-config.js';
import { untilSettled } from './settled.js';

export interface ClusterOptions {
  /** Made when missing, kept by `close`. Left out: a temporary folder that `close` removes. */
  readonly dir?: string;
  /** 3 by default; 1 is a server alone. */
  readonly servers?: 1 | 3 | 5;
  /** The fast one where it is at hand, by default. */
  readonly flavour?: Flavour;
  /** An acknowledgement is an fsync; true by default. */
  readonly syncAlways?: boolean;
  /** Serve /varz and the like on `monitorUrl`, without credentials; false by default. */
  readonly monitor?: boolean;
  /** Outlives this process. */
  readonly detached?: boolean;
  /** A proxy's port for the route of the ring from one server to the next; `port` is where the other listens. */
  readonly routesVia?: (route: { readonly from: number; readonly to: number; readonly port: number }) => Promise<number>;
  /** A proxy's port for the clients of a server. */
  readonly clientsVia?: (target: { readonly server: number; readonly port: number }) => Promise<number>;
}

/** Other ports are tried this often when somebody takes one first. */
const START_ATTEMPTS = 5;

const READY_MS_MAX = 30_000;

export interface Cluster {
  readonly dir: string;
  readonly flavour: Flavour;
  readonly version: string;
  readonly servers: readonly NatsServer[];
  /** Where clients connect, one for each server. */
  readonly urls: readonly string[];
  /** Resolves when JetStream has a leader and every server is current; rejects with `unavailable` after 30 s. */
  readonly ready: Promise<void>;
  /** The same for the servers that run now, whenever it is asked. */
  settled(limitMs?: number): Promise<void>;
  /** Ends every server; removes the folder if it was made here for a while. */
  close(): Promise<void>;
}

/** Resolves when every server listens. Throws `not-configured` with a remedy when there is no such server on this machine. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const flavour = options.flavour ?? (findServers().fast === undefined ? 'stock' : 'fast');
  const { path: program, version } = mustFindServer(flavour);
  if (options.detached === true && options.dir === undefined) {
    throw new SkepError('invalid-input', { message: 'a cluster that outlives its starter needs a folder of its own', remedy: 'Give `dir`.' });
  }
  const temporary = options.dir === undefined;
  const dir = resolve(options.dir ?? mkdtempSync(join(tmpdir(), 'skep-nats-')));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (temporary) guardFolder(dir);
  const removeDir = (): void => {
    if (!temporary) return;
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    forgetFolder(dir);
  };
  const systemUser = nkeys.createUser();
  const access = openAccess(systemUser.getPublicKey());
  let servers: readonly NatsServer[];
  try {
    servers = await startOnFreePorts({ options, program, dir, access });
  } catch (error) {
    removeDir();
    throw error;
  }
  const settled = (limitMs = READY_MS_MAX): Promise<void> =>
    untilSettled({
      servers: servers.filter(({ state }) => state === 'running').map(({ name, directPort }) => ({ name, port: directPort })),
      size: servers.length,
      systemSeed: systemUser.getSeed(),
      limitMs,
    });
  const ready = settled();
  // Whoever does not wait for it shall not be ended by it.
  ready.catch(() => {});
  return {
    dir,
    flavour,
    version,
    servers,
    urls: servers.map(({ clientUrl }) => clientUrl),
    ready,
    settled,
    close: async () => {
      await Promise.all(servers.map((server) => (temporary ? server.kill() : server.stop())));
      removeDir();
    },
  };
}

/** Everybody may do everything in the one account, except for the probes of `settled`. */
function openAccess(systemPublicKey: string): AccessPlan {
  return {
    users: [],
    systemUser: { publicKey: systemPublicKey },
    anonymous: { user: 'anyone', password: secret() },
    route: { user: 'route', password: secret() },
  };
}

interface Start {
  readonly options: ClusterOptions;
  readonly program: string;
  readonly dir: string;
  readonly access: AccessPlan;
}

async function startOnFreePorts(start: Start): Promise<readonly NatsServer[]> {
  for (let attempt = 1; ; attempt++) {
    const servers = await planServers(start);
    const started = await Promise.allSettled(servers.map((server) => server.start()));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed === undefined) return servers;
    await Promise.all(servers.map((server) => server.kill()));
    if (!isPortClash(failed.reason) || attempt === START_ATTEMPTS) throw failed.reason;
  }
}

async function planServers({ options, program, dir, access }: Start): Promise<readonly NatsServer[]> {
  const count = options.servers ?? 3;
  const ports = await freePorts(3 * count);
  const [clientPorts, routePorts, monitorPorts] = [ports.slice(0, count), ports.slice(count, 2 * count), ports.slice(2 * count)];
  const proxied = options.routesVia !== undefined || options.clientsVia !== undefined;
  const clusterName = nameOf(dir);
  return await Promise.all(
    clientPorts.map(async (clientPort, index) => {
      const cluster = { name: clusterName, port: routePorts[index] ?? 0, routePorts: await dialledPorts({ index, routePorts, options }) };
      const server = new NatsServer({
        program,
        dir: join(dir, `n${index + 1}`),
        plan: {
          name: `n${index + 1}`,
          clientPort,
          ...(options.monitor === true ? { monitorPort: monitorPorts[index] ?? 0 } : {}),
          syncAlways: options.syncAlways ?? true,
          access,
          proxied,
          ...(count === 1 ? {} : { cluster }),
        },
        portForClients: (await options.clientsVia?.({ server: index, port: clientPort })) ?? clientPort,
        detached: options.detached ?? false,
      });
      server.configure();
      return server;
    }),
  );
}

/** Through proxies a ring: one route, and so one proxy, for each pair. Otherwise everybody dials everybody else. */
async function dialledPorts({
  index,
  routePorts,
  options,
}: {
  index: number;
  routePorts: readonly number[];
  options: ClusterOptions;
}): Promise<number[]> {
  if (options.routesVia === undefined) return routePorts.filter((_, other) => other !== index);
  const to = (index + 1) % routePorts.length;
  // Five servers need a second ring, two steps wide.
  const next = [...new Set(routePorts.length > 3 ? [to, (index + 2) % routePorts.length] : [to])];
  const { routesVia } = options;
  return await Promise.all(next.map((other) => routesVia({ from: index, to: other, port: routePorts[other] ?? 0 })));
}

/** C2: streams remember the cluster's name. */
function nameOf(dir: string): string {
  const file = join(dir, 'cluster-name');
  if (!existsSync(file)) writeFileSync(file, `skep-${secret().slice(0, 8)}`);
  return readFileSync(file, 'utf8').trim();
}

const secret = (): string => randomBytes(24).toString('hex');
