/** LangGraph.js: a checkpoint of the whole state put, the newest one got, a fork from an older one, and the bytes they take. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { finish, load, task } from './peer.mjs';
import { eachUs, SUBJECTS } from './state-subjects.mjs';

const { emptyCheckpoint, MemorySaver, uuid6 } = await load('@langchain/langgraph-checkpoint');
const { SqliteSaver } = await load('@langchain/langgraph-checkpoint-sqlite');

/** The savers keep all that is put. */
const OPERATIONS_MAX = 300;

/** @param {any} saver @param {string} thread @param {typeof SUBJECTS[number]} subject */
function threadOf(saver, thread, subject) {
  const state = subject.make();
  let config = { configurable: { thread_id: thread, checkpoint_ns: '' } };
  const checkpointOf = (step) => ({
    ...emptyCheckpoint(),
    id: uuid6(step),
    ts: new Date().toISOString(),
    channel_values: { state },
    channel_versions: { state: step },
  });
  const put = async (from, step) => saver.put(from, checkpointOf(step), { source: 'loop', step, parents: {} }, { state: step });
  return {
    first: undefined,
    async put(step) {
      // Changed in place, which costs nothing here: the saver serialises the whole.
      subject.set(state, step);
      config = await put(config, step);
      this.first ??= config;
    },
    get: () => saver.getTuple({ configurable: { thread_id: thread, checkpoint_ns: '' } }),
    fork(step) {
      return put(this.first, 1_000_000 + step);
    },
  };
}

async function measured({ id, level, name, note, saver, bytes }) {
  const rows = [];
  for (const subject of SUBJECTS) {
    const operations = Math.ceil(Math.min(task.operations, OPERATIONS_MAX) * subject.share);
    const puts = operations + Math.ceil(operations / 2);
    const thread = threadOf(saver, subject.name, subject);
    const before = bytes();
    const common = { state: subject.name, level, name };
    rows.push({
      ...common,
      id: `${id}.put`,
      unit: 'µs',
      note: `${note}; one field changed a put; ${puts} puts`,
      samples: await eachUs(operations, (at) => thread.put(at)),
    });
    const each = (bytes() - before) / puts;
    rows.push({ ...common, id: `${id}.bytes`, unit: 'bytes', note: `${note}; what is kept, divided by the puts`, samples: [each] });
    rows.push({ ...common, id: `${id}.get`, unit: 'µs', note: `${note}; the newest`, samples: await eachUs(operations, () => thread.get()) });
    rows.push({
      ...common,
      id: `${id}.fork`,
      unit: 'µs',
      note: `${note}; a put on the first version`,
      samples: await eachUs(operations, (at) => thread.fork(at)),
    });
  }
  return rows;
}

const memory = new MemorySaver();
const file = join(task.dir, 'state.db');
const sqlite = SqliteSaver.fromConnString(file);

/** What the saver holds of its checkpoints, as it serialised them. */
function memoryBytes() {
  let sum = 0;
  for (const namespaces of Object.values(memory.storage)) {
    for (const checkpoints of Object.values(namespaces)) {
      for (const [checkpoint, metadata] of Object.values(checkpoints)) sum += checkpoint.length + metadata.length;
    }
  }
  return sum;
}

function sqliteBytes() {
  sqlite.db?.pragma('wal_checkpoint(TRUNCATE)');
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

finish([
  ...(await measured({
    id: 'peer.langgraph.memory',
    level: 'memory',
    name: 'LangGraph.js MemorySaver',
    note: 'checkpoint 1.1.5',
    saver: memory,
    bytes: memoryBytes,
  })),
  ...(await measured({
    id: 'peer.langgraph.sqlite',
    level: 'unsynced',
    name: 'LangGraph.js SqliteSaver',
    note: 'WAL, synchronous NORMAL, saver 1.0.4',
    saver: sqlite,
    bytes: sqliteBytes,
  })),
]);
