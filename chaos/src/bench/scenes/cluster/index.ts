/** `npm run bench -- cluster`: real nodes over real servers, on this machine. */
import { Stage } from '../../cluster/stage.js';
import type { Scene, SceneGroup } from '../../scene.js';
import { calls, hot } from './calls.js';
import { failover, failoverNats } from './failover.js';
import { migrate } from './migrate.js';
import { scale } from './scale.js';
import { talking } from './talking.js';

export function clusterScenes(): SceneGroup {
  const stage = new Stage();
  const scenes = [
    stage.scene('turn.r3.fsync', talking),
    stage.scene('turn.hot', hot),
    stage.scene('call.r3', calls),
    stage.scene('migrate.pause', migrate),
    stage.scene('scale', scale),
    // The common cluster is closed first: nothing else of ours should run beside a failover.
    { ...failover, run: (run) => stage.close().then(() => failover.run(run)) },
    { ...failoverNats, run: (run) => stage.close().then(() => failoverNats.run(run)) },
  ] satisfies Scene[];
  return { scenes, peers: ['restate'], close: () => stage.close() };
}
