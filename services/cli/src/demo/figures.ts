/** The figures of a run, in the order in which they are printed. Later scenes add keys; none is ever removed. */
export interface Figures {
  agents: number;
  /** Turns that changed an agent, messages between agents included. */
  turns: number;
  turnsPerSecond: number;
  /** Of calls, from sending to the acknowledgement. */
  p50Ms: number;
  p99Ms: number;
  level: string;
  killed: boolean;
  inFlightAtKill: number;
  /** From the kill to the first call that the new process answered. */
  recoveryMs: number;
  acknowledged: number;
  acknowledgedLost: number;
  rootsEqual: number;
  skipped: string[];
  callsPerSecond: number;
  checkpoints: number;
  checkpointMs: number;
  retried: number;
  /** Of the calls in flight at the kill: committed, though nobody had been told. */
  committedUntold: number;
  doubled: number;
  /** The same, as clusters call it. */
  doubleCommits: number;
  /** Versions that no event made. */
  gaps: number;
  accountsEqual: number;
  events: number;
  wrongTurnVersion: number;
  restoredRootEqual: boolean;
  branchVersion: number;
  seconds: number;
  /** How long each scene took. */
  readonly sceneMs: { [scene: string]: number };
  /** Calls, in all scenes, that were not answered within their deadline; only those to a cluster have one. */
  failedCalls: number;
  /** What to do to see the scenes of a cluster, where there is none. */
  remedy?: string;
}

export function noFigures(agents: number): Figures {
  return {
    agents,
    turns: 0,
    turnsPerSecond: 0,
    p50Ms: 0,
    p99Ms: 0,
    level: 'unknown',
    killed: false,
    inFlightAtKill: 0,
    recoveryMs: 0,
    acknowledged: 0,
    acknowledgedLost: 0,
    rootsEqual: 0,
    skipped: [],
    callsPerSecond: 0,
    checkpoints: 0,
    checkpointMs: 0,
    retried: 0,
    committedUntold: 0,
    doubled: 0,
    doubleCommits: 0,
    gaps: 0,
    accountsEqual: 0,
    events: 0,
    wrongTurnVersion: 0,
    restoredRootEqual: false,
    branchVersion: 0,
    seconds: 0,
    sceneMs: {},
    failedCalls: 0,
  };
}
