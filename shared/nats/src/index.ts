/**
 * The ports over NATS. The servers themselves are started by `@skep/nats/servers`:
 *
 *   const cluster = await startCluster({ servers: 3, dir });
 *   await cluster.ready;
 *   const connection = await connect({ servers: cluster.urls });
 *   await cluster.close();
 */
export {};
