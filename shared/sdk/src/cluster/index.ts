/**
 * The cluster for those who run and use it: a node with its gateway, and a client over the bus.
 *
 *   await using node = await openNode(ports, { name: 'n1', kinds: [Counter] });
 *   const client = connectCluster({ bus, clock, random, tenant: 'default' });
 *   await client.call(agentId({ tenant: 'default', kind: 'counter', name: 'a1' }), 'increment', 2);
 */
export { type ClusterClientOptions, connectCluster } from './cluster-client.js';
export { ClusterNode, type ClusterNodeOptions, openNode } from './cluster-node.js';
