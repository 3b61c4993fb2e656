/** The figures that only a cluster has. What was not played is null. */
import type { Flavour } from '@skep/nats/servers';
import { type Figures, noFigures } from '../figures.js';

export interface ClusterFigures extends Figures {
  nodes: number;
  natsServers: number;
  /** `fast`: with short elections. `stock`: as published. */
  natsServer: Flavour;
  /** Until servers and nodes served. */
  startMs: number;
  nodeKill: NodeKill | null;
  natsLeaderKill: LeaderKill | null;
  rollingRestart: RollingRestart | null;
}

/** From the kill to the acknowledgement of a new write of the first and of the last agent that the node held. */
interface NodeKill {
  readonly firstAgentMs: number;
  readonly allAgentsMs: number;
  /** How many the node held. */
  readonly agents: number;
  /** Until the node was back, as a new incarnation. */
  readonly backMs: number;
}

interface LeaderKill {
  /** From the kill until every agent had acknowledged a new write. */
  readonly writesStoppedMs: number;
  /** Streams of lanes that the server led. */
  readonly streams: number;
  /** From its start until it was in step again. */
  readonly backMs: number;
}

interface RollingRestart {
  readonly failedCalls: number;
  /** Of each call: 5 s, more on a slow machine. */
  readonly deadlineMs: number;
  readonly p99Ms: number;
  readonly calls: number;
  readonly ms: number;
}

export function isOfCluster(figures: Figures): figures is ClusterFigures {
  return 'natsServers' in figures;
}

type Known = Pick<ClusterFigures, 'agents' | 'nodes' | 'natsServers' | 'natsServer'>;

export function noClusterFigures({ agents, ...known }: Known): ClusterFigures {
  const unknown = { startMs: 0, nodeKill: null, natsLeaderKill: null, rollingRestart: null };
  return { ...known, ...noFigures(agents), ...unknown };
}
