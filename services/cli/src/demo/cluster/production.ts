/** The story of a cluster: three nodes over three NATS servers; one of each is killed, all nodes are replaced, and nothing is lost. */
import type { Flavour } from '@skep/nats/servers';
import { msText, plural, rounded } from '../../output/amounts.js';
import { CAST } from '../cast.js';
import { Ledger } from '../ledger.js';
import { Load } from '../load.js';
import type { Production, ProductionOptions } from '../production.js';
import { checkpoint } from '../scenes/checkpoint.js';
import { judgement } from '../scenes/judgement.js';
import { otherWay } from '../scenes/other-way.js';
import { timeTravel } from '../scenes/time-travel.js';
import { work } from '../scenes/work.js';
import { wrongTurn } from '../scenes/wrong-turn.js';
import { type ClusterFigures, noClusterFigures } from './cluster-figures.js';
import { ClusterStage } from './cluster-stage.js';
import { DemoCluster, NODES, SERVERS } from './demo-cluster.js';
import { leaderKill } from './leader-kill.js';
import { nodeKill } from './node-kill.js';
import { rollingRestart } from './rolling-restart.js';

/** A machine on which servers and nodes take longer to start than this is slow, or busy with something else. */
const START_MS_USUAL = 2_500;

const JUDGEMENT_MS_MIN = 500;
const CALLS_USUAL = 10_000;
const CALLS_JUDGED_PER_MS = 10;

export function clusterProduction({ dir, story, boundMs }: ProductionOptions, flavour: Flavour): Production<ClusterStage, ClusterFigures> {
  const ledger = new Ledger();
  const figures = noClusterFigures({ agents: CAST.length, nodes: NODES, natsServers: SERVERS, natsServer: flavour });
  const stage = new ClusterStage(dir, story, ledger, new Load(ledger, 'cluster'), figures, boundMs);
  return {
    stage,
    figures,
    // In order. Later scenes are added; none is taken away.
    scenes: [work, checkpoint, nodeKill, leaderKill(flavour), rollingRestart, judgementOf(ledger), wrongTurn, timeTravel, otherWay],
    async open() {
      story.say(
        `${story.colours.bold('Skep')}: ${CAST.length} agents on ${NODES} nodes over ${SERVERS} NATS servers. Some of them will be killed. The data lie in ${dir}.`,
      );
      story.status('the servers and the nodes start');
      const startMs = performance.now();
      stage.cluster = await DemoCluster.start(dir, flavour);
      figures.startMs = rounded(performance.now() - startMs);
      stage.slowness = Math.max(1, figures.startMs / START_MS_USUAL);
      const { version } = stage.cluster.servers;
      story.say(
        `${plural(SERVERS, 'NATS server')} (${version}, ${flavour === 'fast' ? 'with short elections' : 'as published'}) and ${plural(NODES, 'node')} serve after ${msText(figures.startMs)}.`,
      );
    },
    async close() {
      await stage.closeCluster();
    },
    whatToType: ['node ls', 'agent where worker/north-3', 'agent migrate worker/north-3 --to n1', 'node kill n2', 'node add n2'],
  };
}

/** Its work grows with the calls: some ten of them a millisecond, on top of a little for every agent. */
function judgementOf(ledger: Ledger): typeof judgement {
  return {
    ...judgement,
    get needsMs() {
      return JUDGEMENT_MS_MIN + Math.max(ledger.count, CALLS_USUAL) / CALLS_JUDGED_PER_MS;
    },
  };
}
