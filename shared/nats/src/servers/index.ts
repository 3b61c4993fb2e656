/**
 * NATS servers of one's own, on this machine.
 *
 *   const cluster = await startCluster({ servers: 3 });   // a temporary folder, the fast server where it is at hand
 *   await cluster.ready;
 *   const connection = await connect({ servers: [...cluster.urls] });
 *   await cluster.servers[0].kill();                      // and .stop, .pause, .resume, .restart
 *   await cluster.close();
 */
export { attachCluster, type Cluster, type ClusterOptions, startCluster } from './cluster.js';
export { type ClusterContext, isClusterRunning, readClusterContext } from './cluster-context.js';
export { type ClientOptions, Credentials, type CredentialsOptions, makeCredentials } from './credentials.js';
export {
  type FindOptions,
  type Flavour,
  type FoundServer,
  type FoundServers,
  findServers,
  type MissingServer,
  mustFindServer,
  NATS_OLDEST,
  type ServerKind,
} from './find-servers.js';
export { forgetFolder, forgetProcess, guardFolder, guardProcess } from './guardian.js';
export { natsHere } from './nats-here.js';
export { NatsServer, type ServerState } from './nats-server.js';
export { inboxPrefixOf, type Role, type User } from './permissions.js';
export { type ProxiedCluster, startProxiedCluster } from './proxied-cluster.js';
export { PAYLOAD_BYTES_MAX } from './server-config.js';
export { FAST_MARK, readServerInfo, type ServerInfo } from './server-info.js';
export { adoptProcess, type ServerProcess, type SpawnPlan, spawnServer } from './server-process.js';
export type { StreamLeader } from './stream-leaders.js';
export { type Direction, startToxiproxy, type Toxic, ToxicProxy, type Toxiproxy } from './toxiproxy.js';
