/** Everything that a run of several nodes draws before it begins, as plain data: it is printed when a run fails. */
import { formatPlan, SeededRandom } from '@skep/simulated';
import { type Circumstances, drawFaults, formatSettings } from '../simulator/run-plan.js';

/** What is done to the nodes. Who is hit is drawn when the time has come: `pick` chooses among those that are there. */
export type Blow =
  /** Process deaths: of `count` nodes at once, or of all. */
  | { readonly kind: 'kill'; readonly atMs: number; readonly pick: number; readonly count: number | 'all'; readonly downMs: number }
  /** One dies; when another takes over what it held, that one dies, too. */
  | { readonly kind: 'kill-heir'; readonly atMs: number; readonly pick: number; readonly downMs: number; readonly afterMs: number }
  /** One node and all others, or all stores, or both, do not hear each other. */
  | { readonly kind: 'isolate'; readonly atMs: number; readonly pick: number; readonly forMs: number; readonly from: Far; readonly way: Way }
  /** A group of nodes on each side. */
  | { readonly kind: 'split'; readonly atMs: number; readonly pick: number; readonly forMs: number }
  /** Hands over, closes, and starts again. */
  | { readonly kind: 'drain'; readonly atMs: number; readonly pick: number; readonly downMs: number }
  /** One node after another. */
  | { readonly kind: 'rolling'; readonly atMs: number; readonly downMs: number }
  | { readonly kind: 'migrate'; readonly atMs: number; readonly pick: number }
  | { readonly kind: 'pin'; readonly atMs: number; readonly pick: number; readonly what: 'set' | 'clear' }
  /** The machines of nodes and stores lose their power. */
  | { readonly kind: 'power'; readonly atMs: number; readonly downMs: number };

export type Far = 'nodes' | 'stores' | 'everything';
export type Way = 'both' | 'in' | 'out';

export interface ClusterPlan extends Circumstances {
  readonly nodes: number;
  readonly blows: readonly Blow[];
  readonly heartbeatMs: number;
  readonly sweepEveryMs: number;
  /** How long a client waits for an answer. */
  readonly waitMs: number;
  /** Whether clients ask a node of their choice, or the cluster over the bus. */
  readonly way: 'node' | 'bus' | 'both';
}

const HORIZON_MS_MIN = 3_000;
const HORIZON_MS_MAX = 9_000;
const BLOWS_MAX = 6;
const MOVES_MAX = 12;
const BUSY_MOVES = 60;
const CLIENTS_MAX = 5;
const OPERATIONS_MAX = 40;
const BUSY_THINK_MS = 20;
const BUSY_SETTLE_MS = 100;
const KINDS = ['kill', 'kill', 'kill-heir', 'isolate', 'isolate', 'split', 'drain', 'rolling', 'power'] as const;

const WAYS = ['node', 'bus', 'both'] as const satisfies readonly ClusterPlan['way'][];

export function drawClusterPlan(seed: string): ClusterPlan {
  const random = new SeededRandom(`${seed}/cluster`);
  const horizonMs = random.between(HORIZON_MS_MIN, HORIZON_MS_MAX);
  const blows: Blow[] = Array.from({ length: random.below(BLOWS_MAX + 1) }, () => drawBlow(random, horizonMs));
  for (let moves = random.below(MOVES_MAX + 1); moves > 0; moves -= 1) blows.push(drawMove(random, horizonMs));
  return {
    faults: drawFaults(`${seed}/cluster`, random, horizonMs),
    blows: blows.sort((one, other) => one.atMs - other.atMs),
    horizonMs,
    nodes: random.between(3, 5),
    clients: random.between(2, CLIENTS_MAX),
    operationsPerClient: random.between(10, OPERATIONS_MAX),
    thinkMsMax: random.between(20, 300),
    settleEveryMs: random.between(100, 2_000),
    passivateAfterMs: random.between(50, 3_000),
    stores: random.below(2) === 0 ? 'one' : 'three',
    heartbeatMs: [100, 200, 400][random.below(3)] as number,
    sweepEveryMs: random.between(300, 2_000),
    waitMs: random.between(1_000, 6_000),
    way: WAYS[random.below(WAYS.length)] as ClusterPlan['way'],
  };
}

/** Agents are moved about while clients hardly pause. */
export function busyMoves(drawn: ClusterPlan, seed: number): ClusterPlan {
  const random = new SeededRandom(`${seed}/cluster/moves`);
  const moves = Array.from({ length: BUSY_MOVES }, (): Blow => ({ kind: 'migrate', atMs: random.below(drawn.horizonMs), pick: random.uint32() }));
  const blows = [...drawn.blows, ...moves].sort((one, other) => one.atMs - other.atMs);
  return { ...drawn, blows, clients: CLIENTS_MAX, operationsPerClient: OPERATIONS_MAX, thinkMsMax: BUSY_THINK_MS, settleEveryMs: BUSY_SETTLE_MS };
}

function drawBlow(random: SeededRandom, horizonMs: number): Blow {
  const kind = KINDS[random.below(KINDS.length)] as (typeof KINDS)[number];
  const atMs = random.below(horizonMs);
  const pick = random.uint32();
  const downMs = random.between(1, 2_000);
  switch (kind) {
    case 'kill':
      return { kind, atMs, pick, count: random.below(6) === 0 ? 'all' : random.between(1, 2), downMs };
    case 'kill-heir':
      return { kind, atMs, pick, downMs, afterMs: random.between(0, 40) };
    case 'isolate': {
      const from = (['nodes', 'stores', 'everything'] as const)[random.below(3)] as Far;
      const way = (['both', 'both', 'in', 'out'] as const)[random.below(4)] as Way;
      return { kind, atMs, pick, forMs: random.between(100, 5_000), from, way };
    }
    case 'split':
      return { kind, atMs, pick, forMs: random.between(100, 5_000) };
    case 'drain':
      return { kind, atMs, pick, downMs };
    case 'rolling':
      return { kind, atMs, downMs };
    case 'power':
      return { kind, atMs, downMs };
  }
}

function drawMove(random: SeededRandom, horizonMs: number): Blow {
  const atMs = random.below(horizonMs);
  const pick = random.uint32();
  if (random.below(4) > 0) return { kind: 'migrate', atMs, pick };
  return { kind: 'pin', atMs, pick, what: random.below(3) === 0 ? 'clear' : 'set' };
}

export function formatClusterPlan({ faults, blows, ...rest }: ClusterPlan): string {
  const lines = blows.map(({ kind, atMs, ...details }) => {
    const said = Object.entries(details).map(([name, value]) => `${name} ${value}`);
    return `at ${atMs} ms: ${[kind, ...said].join(', ')}`;
  });
  return formatSettings(rest, [...lines, formatPlan(faults)]);
}
