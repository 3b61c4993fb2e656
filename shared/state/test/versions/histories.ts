/** Random histories of branches, and a deliberately dumb model of where checkpoints come from. */
import { type AgentId, agentId } from '@skep/kernel';
import { type Checkpoint, StateEngine, treeOf } from '@skep/state';
import fc from 'fast-check';

export const agent: AgentId = agentId({ tenant: 'default', kind: 'counter', name: 'a1' });
export const BRANCHES = ['main', 'b1', 'b2', 'b3'] as const;

export type Step =
  | { readonly kind: 'count'; readonly branch: number; readonly by: number }
  | { readonly kind: 'merge'; readonly from: number; readonly into: number };

export const histories: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('count' as const), branch: fc.nat(3), by: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('merge' as const), from: fc.nat(3), into: fc.nat(3) }),
  ),
  { maxLength: 50, size: 'max' },
);

export interface History {
  readonly engine: StateEngine;
  /** What each checkpoint added by itself; merges add nothing. */
  readonly added: ReadonlyMap<Checkpoint, number>;
}

/** Four branches of one counter; every step counts on one of them or merges two. */
export function played(steps: readonly Step[]): History {
  const engine = new StateEngine();
  const first = engine.createCheckpoint(agent, treeOf({ n: 0 }));
  const added = new Map([[first, 0]]);
  for (const name of BRANCHES.slice(1)) engine.branchState(first, name);
  for (const step of steps) {
    if (step.kind === 'count') {
      const name = BRANCHES[step.branch] as string;
      const { tree } = engine.head({ agent, name });
      const checkpoint = engine.createCheckpoint(agent, treeOf({ n: (tree.get(['n']) as number) + step.by }), name);
      added.set(checkpoint, step.by);
    } else if (step.from !== step.into) {
      const [from, into] = [BRANCHES[step.from] as string, BRANCHES[step.into] as string];
      engine.mergeStates({ agent, name: from }, { agent, name: into }, { rules: [{ path: ['n'], resolve: 'counter' }] });
    }
  }
  return { engine, added };
}

/** All that a checkpoint comes from, itself included. */
export function originsOf(engine: StateEngine, checkpoint: Checkpoint): ReadonlySet<Checkpoint> {
  const origins = new Set<Checkpoint>();
  const visit = (each: Checkpoint) => {
    if (origins.has(each)) return;
    origins.add(each);
    for (const parent of each.parents) visit(engine.versions(agent).get(parent));
  };
  visit(checkpoint);
  return origins;
}
