/** Nodes over one real NATS server with credentials, in this process; everybody else comes from outside. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { AnyKind } from '@skep/actor';
import { systemClock, systemRandom } from '@skep/embedded';
import { type NatsPorts, natsPorts } from '@skep/nats';
import { type Cluster, type Credentials, makeCredentials, startCluster, type User } from '@skep/nats/servers';
import { type ClusterNode, type ClusterNodeOptions, openNode } from '../../src/index.js';
import { TextClient } from './text-client.js';

export interface CityOptions {
  readonly kinds: readonly AnyKind[];
  readonly tenants?: readonly string[];
  readonly nodes?: readonly string[];
  readonly node?: Partial<ClusterNodeOptions>;
  /** Everybody shows a certificate, besides signing with a key. */
  readonly mutualTls?: boolean;
}

export class City {
  private readonly clients: TextClient[] = [];
  readonly nodes = new Map<string, { readonly node: ClusterNode; readonly ports: NatsPorts }>();

  private constructor(
    private readonly options: CityOptions,
    private readonly home: string,
    readonly credentials: Credentials,
    readonly cluster: Cluster,
  ) {}

  static async of(options: CityOptions): Promise<City> {
    const home = mkdtempSync(join(tmpdir(), 'skep-city-'));
    const credentials = makeCredentials(join(home, 'credentials'), {
      tenants: options.tenants ?? ['acme'],
      mutualTls: options.mutualTls ?? false,
    });
    const cluster = await startCluster({ servers: 1, credentials, monitor: true });
    const city = new City(options, home, credentials, cluster);
    try {
      await cluster.ready;
      for (const name of options.nodes ?? ['n1']) await city.start(name);
      return city;
    } catch (error) {
      await city.close();
      throw error;
    }
  }

  /** `host:port` */
  get address(): string {
    return (this.cluster.urls[0] as string).replace('nats://', '');
  }

  async start(name: string): Promise<ClusterNode> {
    const { authenticator: system } = this.access({ role: 'system' });
    const ports = natsPorts({
      ...{ ...this.access({ role: 'node' }), servers: this.cluster.urls, name, system: { authenticator: system } },
      ...{ clock: systemClock, random: systemRandom, logShards: 2 },
    });
    try {
      await ports.ready;
      const node = await openNode(ports, { name, kinds: this.options.kinds, ...this.options.node });
      this.nodes.set(name, { node, ports });
      await ports.flush();
      return node;
    } catch (error) {
      await ports.close();
      throw error;
    }
  }

  access(user: User): ReturnType<Credentials['clientOptions']> {
    return this.credentials.clientOptions(user);
  }

  /** A client that says what it likes, as this user. */
  async client(user: User): Promise<TextClient> {
    const { authenticator, inboxPrefix, tls } = this.access(user);
    const sign = (nonce: string): object => authenticator(nonce) as object;
    const client = await TextClient.connect(this.address, { authenticator: sign, inboxPrefix, ...(tls === undefined ? {} : { tls: filesOf(tls) }) });
    this.clients.push(client);
    return client;
  }

  /** Connections that the server cut because they did not read. */
  async cutOff(): Promise<number> {
    const answer = await fetch(`${this.cluster.servers[0]?.monitorUrl}/varz`);
    return ((await answer.json()) as { slow_consumers: number }).slow_consumers;
  }

  node(name: string): ClusterNode {
    const found = this.nodes.get(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found.node;
  }

  /** From one moment to the next nobody hears of it any more. */
  async kill(name: string): Promise<void> {
    const found = this.nodes.get(name);
    this.nodes.delete(name);
    await found?.ports.close();
    // In a process of its own it would be gone by now; here it finds out by itself that it has no way out.
    found?.node.close().catch(() => {});
  }

  async close(): Promise<void> {
    for (const client of this.clients.splice(0)) client.close();
    for (const { node, ports } of this.nodes.values()) {
      await node.close();
      await ports.close();
    }
    this.nodes.clear();
    await this.cluster.close();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What TLS of Node takes, from the files that NATS' clients take. */
export function filesOf({ caFile, certFile, keyFile }: { caFile?: string; certFile?: string; keyFile?: string }): ConnectionOptions {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  };
}
