/**
 * The runtime: ports in, a living node out.
 *
 *   const node = await SkepNode.start(ports, { kinds: [Counter] });
 *   await node.host.call(agent, 'add', 2);
 *   await node.close();
 */
export type { ClusterOptions } from './cluster/company.js';
export { type AgentRequest, callOptions, hostCall } from './cluster/post.js';
export { type DirectoryRow, listDirectory } from './directory.js';
export { LaneDriver, type LaneDriverOptions } from './lane-driver.js';
export { newestEntry } from './newest-entry.js';
export { type NodeOptions, type Recovery, SkepNode } from './node.js';
export { changeUniverse, readUniverse, type UniverseAccess, type UniverseRecord } from './universe-record.js';
