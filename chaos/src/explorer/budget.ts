/** How often each thing may happen in one walk; a world is the space of all orders of these. */
export interface Budget {
  readonly nodes: number;
  /** Two: the first sends messages to the second. */
  readonly agents: 1 | 2;
  /** `exclusive`: nodes live one after another and strong reads need no append, as on a log that one process holds. */
  readonly log: 'shared' | 'exclusive';
  /** `held`: n0 owns the first agent and write 0 is acknowledged; of two the second is owned by the last node. */
  readonly begin: 'empty' | 'held';
  readonly writes: number;
  /** Writes of the first agent that send a message. */
  readonly sends: number;
  readonly reads: number;
  /** Batches for other agents of the node. */
  readonly traffic: number;
  readonly claims: number;
  readonly frees: number;
  readonly settles: number;
  readonly seals: number;
  readonly trims: number;
  readonly crashes: number;
  /** Requests whose sender is told `unknown`, though they took effect, or will, or never do. */
  readonly timeouts: number;
  /** Batches on their way that end their lane, because their time is up. */
  readonly expiries: number;
  /** Requests that are refused for certain. */
  readonly refusals: number;
  /** Directory reads that return an older state. */
  readonly staleReads: number;
}

export type Left = { -readonly [Name in keyof Omit<Budget, 'nodes' | 'agents' | 'log' | 'begin'>]: number };

export const NOTHING: Budget = {
  nodes: 2,
  agents: 1,
  log: 'shared',
  begin: 'empty',
  writes: 0,
  sends: 0,
  reads: 0,
  traffic: 0,
  claims: 0,
  frees: 0,
  settles: 0,
  seals: 0,
  trims: 0,
  crashes: 0,
  timeouts: 0,
  expiries: 0,
  refusals: 0,
  staleReads: 0,
};

export interface NamedWorld {
  readonly name: string;
  readonly budget: Budget;
}

const world = (name: string, budget: Partial<Budget>): NamedWorld => ({ name, budget: { ...NOTHING, ...budget } });

/** Worlds in which the real rules must stand every order of events. */
export const PROVEN: readonly NamedWorld[] = [
  world('seal and failover', { writes: 2, reads: 1, claims: 2, seals: 1, crashes: 1, timeouts: 1 }),
  world('moves', { writes: 2, claims: 3, frees: 2, timeouts: 1, staleReads: 1 }),
  world('snapshots and trimming', { writes: 2, claims: 2, seals: 1, settles: 1, trims: 1, timeouts: 1 }),
  world('definite refusals', { writes: 1, traffic: 1, claims: 2, frees: 1, refusals: 2 }),
  world('refusals among doubts', { begin: 'held', writes: 1, reads: 1, claims: 2, seals: 1, timeouts: 1, refusals: 1 }),
  world('appends past their time', { begin: 'held', writes: 2, reads: 1, claims: 2, seals: 1, timeouts: 1, expiries: 1 }),
  world('settling a busy lane', { begin: 'held', writes: 2, traffic: 1, claims: 1, settles: 2, seals: 1, trims: 1 }),
  world('settling in doubt', { begin: 'held', writes: 1, claims: 1, settles: 1, frees: 1, seals: 1, trims: 1, timeouts: 2 }),
  world('one process after another', {
    log: 'exclusive',
    begin: 'held',
    nodes: 3,
    writes: 2,
    reads: 1,
    claims: 2,
    seals: 2,
    crashes: 2,
    timeouts: 1,
  }),
  world('one incarnation after another', { log: 'exclusive', begin: 'held', writes: 2, reads: 1, claims: 1, seals: 1, timeouts: 1, expiries: 1 }),
  world('three nodes', { begin: 'held', nodes: 3, writes: 1, reads: 1, claims: 2, seals: 2, staleReads: 1 }),
  world('failover of a failover', { begin: 'held', nodes: 3, writes: 2, claims: 2, seals: 2, crashes: 2, timeouts: 1 }),
  world('a message between nodes', { begin: 'held', agents: 2, sends: 1, claims: 1, seals: 1, crashes: 1, timeouts: 1 }),
  world('messages in order', { begin: 'held', agents: 2, sends: 2, claims: 1, seals: 1, timeouts: 1 }),
  world('agents that move between messages', { begin: 'held', agents: 2, sends: 1, claims: 2, frees: 2, timeouts: 1 }),
  world('messages and refusals', { begin: 'held', agents: 2, sends: 1, claims: 1, seals: 1, refusals: 1, crashes: 1 }),
  world('both sides of a message fail', { begin: 'held', agents: 2, nodes: 3, sends: 1, claims: 2, seals: 2, crashes: 2 }),
  world('messages past snapshots', { begin: 'held', agents: 2, sends: 1, reads: 1, claims: 1, settles: 1, seals: 1, trims: 1 }),
  world('everything at once', {
    ...{ begin: 'held', writes: 2, reads: 1, traffic: 1, claims: 2, frees: 1, settles: 1, seals: 1, trims: 1 },
    ...{ crashes: 1, timeouts: 1, refusals: 1, staleReads: 1 },
  }),
];
