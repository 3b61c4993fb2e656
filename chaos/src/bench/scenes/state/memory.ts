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
const WARMING = AT_ONCE;
const WHOLE_EVERY = 10;
const SOME_EVERY = 33;
const [SMALL] = SUBJECTS as readonly [Subject];

export const memoryOverhead: Scene = {
  id: 'memory.overhead',
  async run({ plan, conditions, folder }: Run) {
    const agents = plan.heapAgents;
    // Once before anything is measured, so that compiled code and caches are on neither side.
    for (const keeping of [true, false]) await (await lived(WARMING, keeping ? folder() : undefined)).close();
    const empty = heapBytes();
    const bare = await lived(agents);
    const bareBytes = heapBytes() - empty;
    await bare.close();
    const before = heapBytes();
    const keeping = await lived(agents, folder());
    const overhead = heapBytes() - before - bareBytes;
    await readAll(keeping);
    await keeping.close();
    const each = `${Math.round(bareBytes / agents).toLocaleString('en-US')} bytes an agent, ${(overhead / agents / VERSIONS).toFixed(1)} a version`;
    const note = `heap after collection, against the same agents after the same writes; ${agents} agents S, the last ${VERSIONS} versions of each, one field changed from one to the next; ${each}; ${RETENTION}; ${conditions}`;
    return [rowOf({ id: 'memory.overhead', state: SMALL.name, unit: '%', samples: [(100 * overhead) / bareBytes], note })];
  },
};

interface Living {
  readonly id: AgentId;
  tree: Tree;
}

interface Lived {
  agents: readonly Living[];
  readonly kept: KeptVersions | undefined;
  close(): Promise<void>;
}

/** Agents that wrote, with all their versions if there is a folder for them. */
async function lived(count: number, dir?: string): Promise<Lived> {
  const agents: readonly Living[] = Array.from({ length: count }, (_, at) => ({
    id: agentId({ tenant: 'default', kind: 'worker', name: String(at) }),
    tree: treeOf(smallState(at)),
  }));
  const trees = agents.map(({ tree }) => tree);
  const kept = dir === undefined ? undefined : await KeptVersions.open(trees, dir);
  trees.length = 0;
  for (let from = 0; from < count; from += AT_ONCE) {
    for (let to = 0; to < VERSIONS; to += 1) {
      for (const agent of agents.slice(from, from + AT_ONCE)) {
        agent.tree = written(agent.tree, SMALL, { count: 1, from: to, to });
        agent.tree.root();
        kept?.keep(agent.id, agent.tree);
      }
    }
    await kept?.settled();
  }
  const made: Lived = {
    agents,
    kept,
    close: async () => {
      made.agents = [];
      await kept?.close();
    },
  };
  return made;
}

/** All versions of some agents, some of all. */
async function readAll({ agents, kept }: Lived): Promise<void> {
  for (const [at, { id }] of agents.entries()) {
    for (let version = 0; version < VERSIONS; version += at % WHOLE_EVERY === 0 ? 1 : SOME_EVERY) {
      const tree = await kept?.read(id, version);
      if (tree?.get(['memory', version % SMALL.fields, 'score']) !== version + 0.5) throw new Error(`version ${version} of ${id} is another one`);
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
