/**
 * NATS servers of one's own, on this machine.
 *
 *   const cluster = await startCluster({ servers: 3, dir });
 *   await cluster.ready;
 *   await cluster.close();
 */
export {};
