/**
 * A cluster whose every connection goes through a proxy: one for each pair of servers, one in front of each server for its
 * clients. For tests of partitions.
 */
import { SkepError } from '@skep/kernel';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.js';
import { startToxiproxy, type ToxicProxy, type Toxiproxy } from './toxiproxy.js';

/** Servers are named by their index in `cluster.servers`. */
export interface ProxiedCluster {
  readonly cluster: Cluster;
  /** Between two servers, in either order. */
  route(one: number, other: number): ToxicProxy;
  /** In front of a server. */
  clients(server: number): ToxicProxy;
  /** Cuts a server off from the other servers; its clients still reach it. */
  isolate(server: number): Promise<void>;
  /** Cuts every route between two sides. */
  split(side: readonly number[], otherSide: readonly number[]): Promise<void>;
  /** Takes all away that was done to any connection. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Throws `not-configured` with a remedy when nats-server or toxiproxy-server is not here. */
export async function startProxiedCluster(options: Omit<ClusterOptions, 'routesVia' | 'clientsVia' | 'detached'> = {}): Promise<ProxiedCluster> {
  const toxiproxy = await startToxiproxy();
  const routes = new Map<string, ToxicProxy>();
  const clients = new Map<number, ToxicProxy>();
  let cluster: Cluster;
  try {
    cluster = await startCluster({
      ...options,
      routesVia: ({ from, to, port }) => proxyFor({ toxiproxy, proxies: routes, key: pairOf(from, to), name: `route-${pairOf(from, to)}`, port }),
      clientsVia: ({ server, port }) => proxyFor({ toxiproxy, proxies: clients, key: server, name: `clients-${server}`, port }),
    });
  } catch (error) {
    await toxiproxy.close();
    throw error;
  }
  const route = (one: number, other: number): ToxicProxy => must(routes.get(pairOf(one, other)), `route ${one}-${other}`);
  const indexes = cluster.servers.map((_, index) => index);
  const split = async (side: readonly number[], otherSide: readonly number[]): Promise<void> => {
    await Promise.all(side.flatMap((one) => otherSide.map((other) => route(one, other).cut())));
  };
  return {
    cluster,
    route,
    clients: (server) => must(clients.get(server), `server ${server}`),
    isolate: (server) =>
      split(
        [server],
        indexes.filter((each) => each !== server),
      ),
    split,
    heal: async () => {
      await Promise.all([...routes.values(), ...clients.values()].map((proxy) => proxy.heal()));
    },
    close: async () => {
      await cluster.close();
      await toxiproxy.close();
    },
  };
}

interface Wanted<Key> {
  readonly toxiproxy: Toxiproxy;
  readonly proxies: Map<Key, ToxicProxy>;
  readonly key: Key;
  readonly name: string;
  readonly port: number;
}

/** Servers that had to choose other ports get another proxy in place of the first. */
async function proxyFor<Key>({ toxiproxy, proxies, key, name, port }: Wanted<Key>): Promise<number> {
  await proxies.get(key)?.delete();
  const proxy = await toxiproxy.createProxy(name, port);
  proxies.set(key, proxy);
  return proxy.port;
}

const pairOf = (one: number, other: number): string => [one, other].sort((a, b) => a - b).join('-');

function must(proxy: ToxicProxy | undefined, id: string): ToxicProxy {
  if (proxy !== undefined) return proxy;
  throw new SkepError('invalid-input', {
    message: 'there is no such connection in this cluster',
    id,
    remedy: 'Name servers by their index, from 0.',
  });
}
