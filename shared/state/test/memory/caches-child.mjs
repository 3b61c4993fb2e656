/** What is left in the heap, in bytes, of states that nobody holds any more. Run with --expose-gc; prints JSON. */
import { argv, memoryUsage, stdout } from 'node:process';
import { treeOf } from '../../dist/index.js';

function heapBytes() {
  for (let times = 0; times < 4; times += 1) globalThis.gc();
  return memoryUsage().heapUsed;
}

/** Keys of each state have another length, so that what is remembered of them is not in one place. */
function makeAndDrop({ states, keys, keyUnits }) {
  for (let state = 0; state < states; state += 1) {
    const value = {};
    for (let key = 0; key < keys; key += 1) value[`${state} ${key} `.padEnd(keyUnits + state, 'k')] = key;
    treeOf(value).root();
  }
}

const task = JSON.parse(argv[2]);
makeAndDrop({ ...task, states: 2 });
const before = heapBytes();
makeAndDrop(task);
stdout.write(JSON.stringify({ left: heapBytes() - before, made: task.states * task.keys * task.keyUnits }));
