/** `memory.overhead`: the heap of 850 agents with their last 100 versions, against the same agents without any. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openFolder } from '@skep/embedded';
import { type AgentId, agentId } from '@skep/kernel';
import type { Blob } from '@skep/ports';
import { type RetainedAgent, type Tree, treeOf } from '@skep/state';
import { rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { KeptVersions, RETENTION } from './kept-versions.js';
import { SUBJECTS, type Subject, smallState, written } from './subject.js';

const VERSIONS = 100;
const ROUNDS = 5;
/** Agents that work before what was evicted is written: as many as wait for that in memory. */
const AT_ONCE = 32;
const WHOLE_EVERY = 10;
const SOME_EVERY = 33;
const [SMALL] = SUBJECTS as readonly [Subject];

export const memoryOverhead: Scene = {
  id: 'memory.overhead',
  async run({ plan, conditions, folder }: Run) {
    const agents = plan.heapAgents;
    const store = await openFolder({ dir: folder() });
    const { blob } = store.ports;
    // The open folder is on both sides; so are compiled code and what the engine caches, as all is done once before anything is measured.
    setFlagsFromString('--no-flush-bytecode');
    await heapOf(agents, blob);
    await heapOf(agents);
    const samples: number[] = [];
    let bare = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const keeping = await heapOf(agents, blob);
      bare = await heapOf(agents);
      samples.push((100 * (keeping - bare)) / bare);
    }
    setFlagsFromString('--flush-bytecode');
    await store.close();
    const each = Math.round(bare / agents).toLocaleString('en-US');
    const note = `heap after collection, against the same agents after the same writes beside the same open folder; ${agents} agents S of ${each} bytes, the last ${VERSIONS} versions of each, one field changed from one to the next; ${RETENTION}; ${conditions}`;
    return [rowOf({ id: 'memory.overhead', state: SMALL.name, unit: '%', samples, note })];
  },
};

/** Bytes of the heap that agents take after they wrote: with all their versions if there is a store for them, which are then read. */
async function heapOf(count: number, blob?: Blob): Promise<number> {
  const before = heapBytes();
  const agents = begun(count);
  const kept = blob === undefined ? undefined : KeptVersions.begin([...agents.values()], blob);
  await live([...agents.values()], kept);
  const bytes = heapBytes() - before;
  if (kept !== undefined) await readAll([...agents.values()], kept);
  return bytes;
}

interface Living {
  readonly id: AgentId;
  tree: Tree;
  versions: RetainedAgent | undefined;
}

/** As a node has them: found by their ids. */
function begun(count: number): ReadonlyMap<AgentId, Living> {
  const agents = new Map<AgentId, Living>();
  for (let at = 0; at < count; at += 1) {
    const id = copied(agentId({ tenant: 'default', kind: 'worker', name: String(at) }));
    const tree = treeOf(copied(smallState(at)));
    tree.root();
    agents.set(id, { id, tree, versions: undefined });
  }
  return agents;
}

/** As from a disk or a wire, each text in one piece: how much others take depends on when the engine puts them together. */
function copied<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value));
}

async function live(agents: readonly Living[], kept: KeptVersions | undefined): Promise<void> {
  for (let from = 0; from < agents.length; from += AT_ONCE) {
    for (let to = 1; to <= VERSIONS; to += 1) {
      for (const agent of agents.slice(from, from + AT_ONCE)) {
        agent.tree = written(agent.tree, SMALL, { count: 1, from: to, to });
        agent.tree.root();
        if (agent.versions !== undefined) kept?.keep(agent.versions, agent.tree);
      }
    }
    await kept?.settled();
  }
}

/** All versions of some agents, some of all; then they are forgotten. */
async function readAll(agents: readonly Living[], kept: KeptVersions): Promise<void> {
  for (const [at, { versions }] of agents.entries()) {
    if (versions === undefined) continue;
    for (let to = 1; to <= VERSIONS; to += at % WHOLE_EVERY === 0 ? 1 : SOME_EVERY) {
      const tree = await kept.read(versions, to);
      if (tree.get(['memory', to % SMALL.fields, 'score']) !== to + 0.5) throw new Error(`version ${to} of ${versions.name} is another one`);
    }
    await kept.forget(versions);
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
