/**
 * A cluster of one's own on 127.0.0.1: for tests, demonstrations, and `skep up`.
 *
 * - C1 A cluster that is not detached ends with the process that started it, however that ends (guardian.ts).
 * - C2 A cluster comes back on its folder: names are kept there, ports may change from start to start.
 * - C3 Nobody joins by accident: routes need a password that only these servers have.
 * - C4 A cluster that outlives its starter asks every client for credentials.
 * - C5 One with a folder and credentials leaves a context there, so that commands find it for as long as it runs.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { SkepError } from '@skep/kernel';
import { readClusterContext, writeClusterContext } from './cluster-context.js';
import { type ProxyOptions, planServers } from './cluster-plan.js';
import { Credentials } from './credentials.js';
import { type Flavour, findServers, mustFindServer } from './find-servers.js';
import { forgetFolder, guardFolder } from './guardian.js';
import { isPortClash, NatsServer } from './nats-server.js';
import type { AccessPlan } from './server-config.js';
import { untilSettled } from './settled.js';
import { askStreamLeaders, type StreamLeader } from './stream-leaders.js';

export interface ClusterOptions extends ProxyOptions {
  /** Made when missing, kept by `close`. Left out: a temporary folder that `close` removes. */
  readonly dir?: string;
  /** 3 by default; 1 is a server alone. */
  readonly servers?: 1 | 3 | 5;
  /** The fast one where it is at hand, by default. */
  readonly flavour?: Flavour;
  /** An acknowledgement is an fsync; true by default. */
  readonly syncAlways?: boolean;
  /** What servers take at once; 8 MB by default. */
  readonly payloadBytesMax?: number;
  /** Who may connect, and whether over TLS. Without them everybody on this machine may do everything. */
  readonly credentials?: Credentials;
  /** Serve /varz and the like on `monitorUrl`, without credentials; false by default. */
  readonly monitor?: boolean;
  /** Outlives this process; `attachCluster` finds it again. Needs `dir` and `credentials`. */
  readonly detached?: boolean;
  /** Written into the context, for the command line. */
  readonly universe?: string;
}

export interface Cluster {
  readonly dir: string;
  readonly flavour: Flavour;
  readonly version: string;
  readonly credentials: Credentials | undefined;
  readonly servers: readonly NatsServer[];
  /** Where clients connect, one for each server. */
  readonly urls: readonly string[];
  /** Resolves when JetStream has a leader and every server is current; rejects with `unavailable` after 30 s. */
  readonly ready: Promise<void>;
  /** The same for the servers that run now, whenever it is asked. */
  settled(limitMs?: number): Promise<void>;
  /** Who leads which stream now. Rejects with the client's error when no running server answers. */
  streamLeaders(): Promise<readonly StreamLeader[]>;
  /** Lets the running servers know of changed credentials, while they run. */
  reload(credentials: Credentials): Promise<void>;
  /** Ends every server; removes the folder if it was made here for a while. */
  close(): Promise<void>;
}

/** Other ports are tried this often when somebody takes one first. */
const START_ATTEMPTS = 5;

const READY_MS_MAX = 30_000;

/** Resolves when every server listens. Throws `not-configured` with a remedy when there is no such server on this machine. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { credentials, detached = false, universe } = options;
  const flavour = options.flavour ?? (findServers().fast === undefined ? 'stock' : 'fast');
  const { path: program, version } = mustFindServer(flavour);
  if (detached && (options.dir === undefined || credentials === undefined)) {
    throw new SkepError('invalid-input', {
      message: 'a cluster that outlives its starter needs a folder and credentials',
      remedy: 'Give `dir` and `credentials`.',
    });
  }
  if (options.dir !== undefined) await refuseIfRunning(options.dir);
  const temporary = options.dir === undefined;
  const dir = resolve(options.dir ?? mkdtempSync(join(tmpdir(), 'skep-nats-')));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (temporary) guardFolder(dir);
  const { access, systemKey } = accessOf(credentials);
  try {
    const servers = await startOnFreePorts({ options, program, dir, access, detached });
    const save = (): void => {
      if (temporary || credentials === undefined) return;
      const states = servers.map((server) => ({ name: server.name, plan: server.plan, ...(server.pid === undefined ? {} : { pid: server.pid }) }));
      const urls = servers.map(({ clientUrl }) => clientUrl);
      const ca = credentials.caFile === undefined ? {} : { ca: credentials.caFile };
      writeClusterContext(dir, {
        ...{ format: 1, flavour, version, program, urls, credentials: credentials.dir, servers: states, ...ca },
        ...(universe === undefined ? {} : { universe }),
      });
    };
    save();
    return handle({ dir, temporary, flavour, version, credentials, servers, systemKey, save });
  } catch (error) {
    if (temporary) removeFolder(dir);
    throw error;
  }
}

/** The detached cluster of a folder, as far as it still runs; undefined when none was left there. */
export async function attachCluster(dir: string): Promise<Cluster | undefined> {
  const folder = resolve(dir);
  const context = readClusterContext(folder);
  if (context === undefined) return undefined;
  const credentials = Credentials.load(context.credentials);
  const { access, systemKey } = accessOf(credentials);
  const { flavour, version, program } = context;
  const servers: NatsServer[] = [];
  const save = (): void => {
    const states = servers.map((server) => ({ name: server.name, plan: server.plan, ...(server.pid === undefined ? {} : { pid: server.pid }) }));
    writeClusterContext(folder, { ...context, servers: states });
  };
  for (const { plan, pid } of context.servers) {
    const server = new NatsServer({ program, dir: join(folder, plan.name), plan, access, detached: true });
    servers.push(server);
    if (pid !== undefined) await server.adopt(pid);
  }
  return handle({ dir: folder, temporary: false, flavour, version, credentials, servers, systemKey, save });
}

interface Parts extends Pick<Cluster, 'dir' | 'flavour' | 'version' | 'credentials' | 'servers'> {
  readonly temporary: boolean;
  readonly systemKey: () => Uint8Array;
  readonly save: () => void;
}

function handle({ temporary, systemKey, save, ...parts }: Parts): Cluster {
  const { dir, servers } = parts;
  let { credentials } = parts;
  for (const server of servers) server.onStart = save;
  const settled = (limitMs = READY_MS_MAX): Promise<void> => {
    const tls = credentials?.tlsOptions({ role: 'system' });
    return untilSettled({
      servers: servers.filter(({ state }) => state === 'running').map(({ name, directPort }) => ({ name, port: directPort })),
      size: servers.length,
      systemSeed: systemKey(),
      limitMs,
      ...(tls === undefined ? {} : { tls }),
    });
  };
  let ready: Promise<void> | undefined;
  return {
    ...parts,
    get credentials() {
      return credentials;
    },
    urls: servers.map(({ clientUrl }) => clientUrl),
    get ready() {
      ready ??= settled();
      return ready;
    },
    settled,
    streamLeaders: () => {
      const tls = credentials?.tlsOptions({ role: 'system' });
      const ports = servers.filter(({ state }) => state === 'running').map(({ directPort }) => directPort);
      return askStreamLeaders({ ports, systemSeed: systemKey(), ...(tls === undefined ? {} : { tls }) });
    },
    reload: async (changed) => {
      credentials = changed;
      await Promise.all(servers.map((server) => server.reload(changed.accessPlan())));
    },
    close: async () => {
      await Promise.all(servers.map((server) => (temporary ? server.kill() : server.stop())));
      save();
      if (temporary) removeFolder(dir);
    },
  };
}

interface Start {
  readonly options: ClusterOptions;
  readonly program: string;
  readonly dir: string;
  readonly access: AccessPlan;
  readonly detached: boolean;
}

async function startOnFreePorts({ options, program, dir, access, detached }: Start): Promise<readonly NatsServer[]> {
  const { servers: count = 3, syncAlways = true, monitor = false, ...rest } = options;
  for (let attempt = 1; ; attempt++) {
    const plans = await planServers({ ...rest, dir, count, syncAlways, monitor });
    const servers = plans.map((plan) => new NatsServer({ program, dir: join(dir, plan.name), plan, access, detached }));
    const started = await Promise.allSettled(servers.map((server) => server.start()));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed === undefined) return servers;
    await Promise.all(servers.map((server) => server.kill()));
    if (!isPortClash(failed.reason) || attempt === START_ATTEMPTS) throw failed.reason;
  }
}

/** Two clusters on one folder would fight for its stores. */
async function refuseIfRunning(dir: string): Promise<void> {
  const there = await attachCluster(dir);
  if (there?.servers.every(({ state }) => state === 'ended') ?? true) return;
  throw new SkepError('folder-held', {
    message: 'a cluster runs on this folder already',
    id: dir,
    remedy: 'Attach to it, or end it first: skep down.',
  });
}

/** Without credentials everybody may do everything in the one account, except for the probes of `settled`. */
function accessOf(credentials: Credentials | undefined): { readonly access: AccessPlan; readonly systemKey: () => Uint8Array } {
  if (credentials !== undefined) {
    const systemKey = (): Uint8Array => new TextEncoder().encode(readFileSync(credentials.keyFile({ role: 'system' }), 'utf8').trim());
    return { access: credentials.accessPlan(), systemKey };
  }
  const system = nkeys.createUser();
  const access: AccessPlan = {
    users: [],
    systemUsers: [{ publicKey: system.getPublicKey() }],
    anonymous: { user: 'anyone', password: secret() },
    route: { user: 'route', password: secret() },
  };
  return { access, systemKey: () => system.getSeed() };
}

function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  forgetFolder(dir);
}

const secret = (): string => randomBytes(24).toString('hex');
