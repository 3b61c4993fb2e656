/**
 * Clusters on this machine, and operators: nodes in processes of their own, and what is asked of them.
 *
 *   const cluster = await startCluster({ servers: 3 });         // from @skep/nats/servers
 *   await cluster.ready;
 *   const nodes = await startNodes(cluster, { nodes: 3, kinds: ['/projects/mine/skep.config.ts'] });
 *   const { client, close } = await reachClient({ servers: cluster.urls });   // reachOperator: what operators ask of nodes
 *   await client.call(agent, 'increment', 2);
 *   await nodes.node('n2').kill();                              // and .stop, .pause, .resume, .restart; nodes.add()
 *   await close();
 *   await nodes.close();
 *   await cluster.close();
 */
export { type Access, type AccessOptions, accessOf, systemAccessOf, userOf } from './access.js';
export {
  ADMIN_COMMANDS,
  Admin,
  type AdminCommand,
  type AdminOptions,
  type AgentPlace,
  type Drained,
  type Moved,
  type NodeMember,
  type NodeStatus,
} from './admin.js';
export { type NodeConfiguration, parseNodeConfiguration, UNIVERSE_DEFAULT } from './node-configuration.js';
export { isNodeProgramHere, NodeProcess, type NodeProcessOptions, type NodeProcessState, type NodeReady } from './node-process.js';
export { attachNodes, type NodeProcesses, type NodeProcessesOptions, startNodes } from './node-processes.js';
export { refusedToTenants } from './operator-client.js';
export { type ClientReachOptions, type OperatorReachOptions, type ReachOptions, reachClient, reachOperator } from './reach.js';
