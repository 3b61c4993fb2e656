/** LangGraph.js: what a step of a graph costs its checkpoint saver. One step is one checkpoint of the whole state; the graph itself costs nothing here. */
import { join } from 'node:path';
import { finish, initialState, latencies, load, rates, task } from './peer.mjs';

const { emptyCheckpoint, MemorySaver, uuid6 } = await load('@langchain/langgraph-checkpoint');
const { SqliteSaver } = await load('@langchain/langgraph-checkpoint-sqlite');

/** Callers take turns anyway: the saver works in the caller's thread. */
const CALLERS = 64;

function threadsOver(saver) {
  const threads = Array.from({ length: task.agents }, (_, index) => ({
    state: initialState(String(index)),
    config: { configurable: { thread_id: String(index), checkpoint_ns: '' } },
  }));
  return async (index) => {
    const thread = threads[index];
    const step = thread.state.step + 1;
    thread.state = { ...thread.state, step };
    const checkpoint = {
      ...emptyCheckpoint(),
      id: uuid6(step),
      ts: new Date().toISOString(),
      channel_values: { state: thread.state },
      channel_versions: { state: step },
    };
    thread.config = await saver.put(thread.config, checkpoint, { source: 'loop', step, parents: {} }, { state: step });
  };
}

async function measured({ id, level, name, note, saver }) {
  const turn = threadsOver(saver);
  return [
    { id, unit: 'turns/s', level, name, note, samples: await rates({ callers: CALLERS, over: task.agents, turn }) },
    { id: `${id}.sequential`, unit: 'ms', level, name, note, samples: await latencies(() => turn(0)) },
  ];
}

const normal = SqliteSaver.fromConnString(join(task.dir, 'normal.db'));
const full = SqliteSaver.fromConnString(join(task.dir, 'full.db'));
full.db.pragma('synchronous = FULL');

finish([
  ...(await measured({
    id: 'peer.langgraph.memory',
    level: 'memory',
    name: 'LangGraph.js MemorySaver',
    note: 'one put a step of the whole state, checkpoint 1.1.5',
    saver: new MemorySaver(),
  })),
  ...(await measured({
    id: 'peer.langgraph.sqlite',
    level: 'unsynced',
    name: 'LangGraph.js SqliteSaver',
    note: 'its default: WAL, synchronous NORMAL, so no fsync a put; one put a step, saver 1.0.4',
    saver: normal,
  })),
  ...(await measured({
    id: 'peer.langgraph.sqlite.full',
    level: 'local',
    name: 'LangGraph.js SqliteSaver, synchronous FULL',
    note: 'fsync a put; one put a step, saver 1.0.4',
    saver: full,
  })),
]);
