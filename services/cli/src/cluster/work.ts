/** Everything that commands do with clusters. They import it when they run: what it stands on takes longer to load than most commands take. */

export { isClusterRunning, readClusterContext } from '@skep/nats/servers';
export { attachNodes } from '@skep/sdk/operations';
export { checkCluster } from '../doctor/cluster-checks.js';
export { overCluster } from '../replay/cluster-run.js';
export { clusterSource } from '../watch/cluster-source.js';
export { findCluster, mustFindCluster, mustFindLocal } from './cluster-target.js';
export { listNodes } from './node-list.js';
export { reachCluster, withAdmin } from './reach-cluster.js';
export { down, up } from './up.js';
