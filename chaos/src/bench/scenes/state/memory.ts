/** `memory.overhead`: the heap of 850 agents with their last 100 versions, against the same agents without any. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { agentId } from '@skep/kernel';
import { type CheckpointId, type Tree, treeOf } from '@skep/state';
import { rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { AGENTS } from '../../swarm.js';
import { KeptVersions, RETENTION } from './kept-versions.js';
import { SUBJECTS, type Subject, smallState, written } from './subject.js';

const VERSIONS = 100;
const [SMALL] = SUBJECTS as readonly [Subject];

export const memoryOverhead: Scene = {
  id: 'memory.overhead',
  async run({ plan, conditions }: Run) {
    const agents = Math.min(AGENTS, plan.heapAgents);
    // Once before anything is measured, so that compiled code is on neither side.
    keepAll(sealedTrees(1));
    const empty = heapBytes();
    const bare = sealedTrees(agents);
    const bareBytes = heapBytes() - empty;
    const before = heapBytes();
    const kept = keepAll(bare);
    const keptBytes = heapBytes() - before;
    if (!kept.ids.every((id) => kept.versions.read(id).has(SMALL.path))) throw new Error('a version that was kept cannot be read');
    const share = (100 * keptBytes) / bareBytes;
    const each = `${Math.round(bareBytes / agents).toLocaleString('en-US')} bytes an agent, ${Math.round(keptBytes / agents / VERSIONS)} a version`;
    const note = `heap after collection; ${agents} agents S, the last ${VERSIONS} versions of each, one field changed from one to the next; ${each}; ${RETENTION}; ${conditions}`;
    return [rowOf({ id: 'memory.overhead', state: SMALL.name, unit: '%', samples: [share], note })];
  },
};

function sealedTrees(count: number): Tree[] {
  const trees = Array.from({ length: count }, (_, at) => treeOf(smallState(at)));
  for (const tree of trees) tree.root();
  return trees;
}

/** Writes on, and lets the list hold the newest trees, as agents do. */
function keepAll(trees: Tree[]): { readonly versions: KeptVersions; readonly ids: readonly CheckpointId[] } {
  const versions = new KeptVersions();
  const ids: CheckpointId[] = [];
  for (let to = 0; to < VERSIONS; to += 1) {
    for (const [at, tree] of trees.entries()) {
      const next = written(tree, SMALL, { count: 1, from: to, to });
      next.root();
      trees[at] = next;
      ids.push(versions.keep(agentId({ tenant: 'default', kind: 'worker', name: String(at) }), next));
    }
  }
  return { versions, ids };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
