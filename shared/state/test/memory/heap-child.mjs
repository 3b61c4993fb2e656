// Measures what versions take in memory; run by heap.test.ts in a process of its own, with --expose-gc and --single-threaded.
import { argv, memoryUsage, stdout } from 'node:process';
import { draftOf, encodingsBytes, packTree, RetainedVersions, treeOf, unpackTree } from '../../dist/index.js';

const { kind, agents, versions, sealed, unpacked } = JSON.parse(argv[2]);
let made = 0;

const memory = () => Array.from({ length: 50 }, (_, at) => ({ text: `memory item number ${at} of ${made}`, score: at / 7 }));
const words = (of) => Array.from({ length: 80 }, (_, at) => `w${(of * 31 + at * 17 + made) % 997}`).join(' ');
const KINDS = {
  S: {
    make: () => ({ id: `agent ${made}`, step: 12, goal: 'find the answer to all of it', memory: memory() }),
    change(state, to) {
      state.memory[(to * 37) % 50].score = to + 0.5;
    },
  },
  L: {
    make: () => ({ id: `agent ${made}`, memory: memory(), messages: Array.from({ length: 200 }, (_, at) => ({ text: words(at), tokens: at })) }),
    change(state, to) {
      state.messages[(to * 37) % 200].tokens = 1_000 + to;
    },
  },
  X: {
    make: () => ({ facts: Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`fact ${at} of ${made}`, `what is known of ${at}`])) }),
    change(state, to) {
      state.facts[`fact ${(to * 37) % 10_000} of ${made}`] = `what is known now, as of step ${to}`;
    },
  },
};

function heap() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = memoryUsage();
  // Encodings are the process's and have a limit of their own.
  return heapUsed + external - encodingsBytes();
}

/** As texts come from a disk or a wire, each a piece of its own. */
const copied = (value) => JSON.parse(JSON.stringify(value));

function swarm() {
  const retained = new RetainedVersions();
  const kept = [];
  for (let at = 0; at < agents; at += 1) {
    made += 1;
    let tree = treeOf(copied(KINDS[kind].make()));
    if (unpacked) {
      tree = unpackTree(packTree(tree));
      tree.value();
    }
    if (sealed) tree.root();
    const agent = retained.open(`agent ${made}`, 0, tree);
    for (let version = 1; version <= versions; version += 1) {
      const draft = draftOf(tree);
      KINDS[kind].change(draft.state, version);
      ({ tree } = draft.finish());
      if (sealed) tree.root();
      retained.keep(agent, version, tree);
    }
    kept.push(agent);
  }
  return { retained, kept };
}

// What the engine keeps beside trees (shapes, addresses) is there before it is measured; the first swarm stays.
const first = swarm();
const before = heap();
const second = swarm();
const after = heap();
const counted = second.retained.countedBytes();
for (const agent of second.kept) second.retained.close(agent);
stdout.write(JSON.stringify({ counted, measured: after - before, left: second.retained.bytes, first: first.retained.versions }));
