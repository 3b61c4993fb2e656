/** The plans of a cluster's servers: ports that are free now, who dials whom, through which proxies. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './free-ports.js';
import type { NatsServerPlan } from './nats-server.js';

export interface ProxyOptions {
  /** A proxy's port for the route of the ring from one server to the next; `port` is where the other listens. */
  readonly routesVia?: (route: { readonly from: number; readonly to: number; readonly port: number }) => Promise<number>;
  /** A proxy's port for the clients of a server. */
  readonly clientsVia?: (target: { readonly server: number; readonly port: number }) => Promise<number>;
}

export interface PlanOptions extends ProxyOptions {
  readonly dir: string;
  readonly count: number;
  readonly syncAlways: boolean;
  readonly monitor: boolean;
  readonly payloadBytesMax?: number;
}

export async function planServers(options: PlanOptions): Promise<NatsServerPlan[]> {
  const { count, clientsVia } = options;
  const ports = await freePorts(3 * count);
  const [clientPorts, routePorts, monitorPorts] = [ports.slice(0, count), ports.slice(count, 2 * count), ports.slice(2 * count)];
  const clusterName = nameOf(options.dir);
  return await Promise.all(
    clientPorts.map(async (clientPort, index) => {
      const cluster = { name: clusterName, port: routePorts[index] ?? 0, routePorts: await dialledPorts({ index, routePorts, ...options }) };
      return {
        name: `n${index + 1}`,
        clientPort,
        portForClients: (await clientsVia?.({ server: index, port: clientPort })) ?? clientPort,
        syncAlways: options.syncAlways,
        proxied: options.routesVia !== undefined || clientsVia !== undefined,
        ...(options.payloadBytesMax === undefined ? {} : { payloadBytesMax: options.payloadBytesMax }),
        ...(options.monitor ? { monitorPort: monitorPorts[index] ?? 0 } : {}),
        ...(count === 1 ? {} : { cluster }),
      };
    }),
  );
}

interface Dialling extends ProxyOptions {
  readonly index: number;
  readonly routePorts: readonly number[];
}

/** Through proxies exactly one route for each pair: a ring for three servers. Otherwise everybody dials everybody else. */
async function dialledPorts({ index, routePorts, routesVia }: Dialling): Promise<number[]> {
  if (routesVia === undefined) return routePorts.filter((_, other) => other !== index);
  const count = routePorts.length;
  const others = Array.from({ length: Math.floor(count / 2) }, (_, step) => (index + step + 1) % count);
  return await Promise.all(others.map((to) => routesVia({ from: index, to, port: routePorts[to] ?? 0 })));
}

/** Streams remember the cluster's name, so the folder keeps it. */
function nameOf(dir: string): string {
  const file = join(dir, 'cluster-name');
  if (!existsSync(file)) writeFileSync(file, `skep-${randomBytes(4).toString('hex')}`);
  return readFileSync(file, 'utf8').trim();
}
