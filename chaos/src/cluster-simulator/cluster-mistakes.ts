/**
 * Mistakes of a cluster, planted on purpose, each of which the simulator of whole clusters has to find; those of one node are in
 * `mistakes.ts`. They are put in from outside; nothing of them is in the product.
 */
import { RULES } from '@skep/lane';
import { SEED_MISTAKES, type SeedMistake } from '../simulator/mistakes.js';
import { forgetfulSnapshots } from '../simulator/planted.js';
import { busyMoves, type ClusterPlan } from './cluster-plan.js';
import * as planted from './cluster-planted.js';

export interface ClusterMistake extends SeedMistake {
  /** Makes a plan in which it has more to show than in most. */
  readonly plan?: (drawn: ClusterPlan, seed: number) => ClusterPlan;
}

/** Mistakes of one node that several nodes must find, too. */
const SHARED: ReadonlySet<string> = new Set([
  'replies and messages leave before their batch is acknowledged',
  'a recomposed batch taken for the first one',
  'a claim that forgets earlier lanes',
  'a trail of lanes instead of ranges',
  'believing a read after an unknown free',
  'operation ids are not remembered',
]);

export const CLUSTER_MISTAKES: readonly ClusterMistake[] = [
  { name: 'owning by reading the directory', rule: 'L3', rules: { ownsByReading: (entry, lane) => entry.owner === lane } },
  { name: 'answering reads without the barrier', rule: 'L7', install: planted.readsFromMemory, plan: busyMoves },
  { name: 'claiming from a lane that is not sealed', rule: 'L4', rules: { mayClaim: () => true } },
  { name: 'freeing before the last acknowledgement', rule: 'L4', rules: { mayFree: () => true }, install: planted.freesEarly, plan: busyMoves },
  ...SEED_MISTAKES.filter(({ name }) => SHARED.has(name)).map((mistake) => ({ ...mistake, plan: busyMoves })),
  { name: 'a seal trimmed away', rule: 'L10', install: planted.trimsSeals },
  {
    name: 'a fenced incarnation goes on behind its seal',
    rule: 'L2',
    rules: { settle: (inDoubt, last) => (last?.batch.kind === 'seal' ? 'committed' : RULES.settle(inDoubt, last)) },
  },
  { name: 'a takeover that claims without sealing', rule: 'L4', rules: { mayClaim: () => true }, install: planted.takesWithoutSealing },
  { name: 'a takeover that brings nobody back', rule: 'K2', install: planted.bringsNobodyBack },
  { name: 'a message leaves its node before its record is acknowledged', rule: 'L6', install: planted.postsEarly, plan: busyMoves },
  { name: 'a receiver acknowledges before its commit', rule: 'L6', install: planted.acknowledgesEarly },
  { name: 'a message accepted past a gap', rule: 'G4', install: planted.acceptsGaps },
  { name: 'a forwarded call repeated without its slot', rule: 'G4', install: planted.repeatsWithoutSlot },
  { name: 'agents let go without their outbox', rule: 'G4', install: () => forgetfulSnapshots({ outbox: [] }) },
  { name: 'agents let go without their timers', rule: 'P4', install: () => forgetfulSnapshots({ timers: [] }) },
  { name: 'agents let go that nobody is told to wake', rule: 'K3', install: planted.wakesNobody },
  { name: 'a drained node goes on answering', rule: 'L3', install: planted.answersForever },
];

/** Worse than they should be, and safe all the same: who lives is decided by the lanes alone. */
export const HARMLESS: readonly ClusterMistake[] = [
  { name: 'a single observer declares others dead', rule: 'M2', install: () => planted.membership({ quorum: () => 1 }) },
  { name: 'an observer that was away believes its silence', rule: 'M3', install: () => planted.membership({ beginsAnew: () => false }) },
];
