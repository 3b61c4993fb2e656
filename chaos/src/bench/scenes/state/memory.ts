/** `memory.overhead`: the heap of 850 agents with their last 100 versions, against the same agents without any. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type AgentId, agentId } from '@skep/kernel';
import { type Tree, treeOf } from '@skep/state';
import { rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { KeptVersions, RETENTION } from './kept-versions.js';
import { SUBJECTS, type Subject, smallState, written } from './subject.js';

const VERSIONS = 100;
/** Agents that work before what was evicted is written: as many as wait for that in memory. */
const AT_ONCE = 32;
const WHOLE_EVERY = 10;
const SOME_EVERY = 33;
const [SMALL] = SUBJECTS as readonly [Subject];

export const memoryOverhead: Scene = {
  id: 'memory.overhead',
  async run({ plan, conditions, folder }: Run) {
    const agents = plan.heapAgents;
    // Once before anything is measured, so that compiled code is on neither side.
    await (await keepAll(sealedAgents(1), folder())).close();
    const empty = heapBytes();
    const living = sealedAgents(agents);
    const before = heapBytes();
    const kept = await keepAll(living, folder());
    const keptBytes = heapBytes() - before;
    await readAll(living, kept);
    await kept.close();
    const bareBytes = before - empty;
    const each = `${Math.round(bareBytes / agents).toLocaleString('en-US')} bytes an agent, ${Math.round(keptBytes / agents / VERSIONS)} a version`;
    const note = `heap after collection; ${agents} agents S, the last ${VERSIONS} versions of each, one field changed from one to the next; ${each}; ${RETENTION}; ${conditions}`;
    return [rowOf({ id: 'memory.overhead', state: SMALL.name, unit: '%', samples: [(100 * keptBytes) / bareBytes], note })];
  },
};

interface Living {
  readonly id: AgentId;
  tree: Tree;
}

function sealedAgents(count: number): readonly Living[] {
  return Array.from({ length: count }, (_, at) => {
    const tree = treeOf(smallState(at));
    tree.root();
    return { id: agentId({ tenant: 'default', kind: 'worker', name: String(at) }), tree };
  });
}

async function keepAll(agents: readonly Living[], dir: string): Promise<KeptVersions> {
  const kept = await KeptVersions.open(
    agents.map(({ tree }) => tree),
    dir,
  );
  for (let from = 0; from < agents.length; from += AT_ONCE) {
    const some = agents.slice(from, from + AT_ONCE);
    for (let to = 0; to < VERSIONS; to += 1) {
      for (const agent of some) {
        agent.tree = written(agent.tree, SMALL, { count: 1, from: to, to });
        agent.tree.root();
        kept.keep(agent.id, agent.tree);
      }
    }
    await kept.settled();
  }
  return kept;
}

/** All versions of some agents, some of all. */
async function readAll(agents: readonly Living[], kept: KeptVersions): Promise<void> {
  for (const [at, { id }] of agents.entries()) {
    for (let version = 0; version < VERSIONS; version += at % WHOLE_EVERY === 0 ? 1 : SOME_EVERY) {
      const tree = await kept.read(id, version);
      if (tree.get(['memory', version % SMALL.fields, 'score']) !== version + 0.5) throw new Error(`version ${version} of ${id} is another one`);
    }
  }
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
