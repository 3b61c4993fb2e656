/** `scale`: a write and its root, by how many agents there are to write to. */
import { type Tree, treeOf } from '@skep/state';
import { compared, type Row, rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { eachUs } from './stopwatch.js';
import { SUBJECTS, type Subject, smallState, written } from './subject.js';

const [SMALL] = SUBJECTS as readonly [Subject];
/** A step that no swarm of these is a multiple of, so that neighbours in time are none in the swarm. */
const STRIDE = 7_919;

export const scale: Scene = {
  id: 'scale',
  async run({ plan, conditions, say }: Run) {
    const rows: Row[] = [];
    for (const agents of plan.swarms) {
      say(`scale: ${agents} agents`);
      const trees: Tree[] = Array.from({ length: agents }, (_, at) => treeOf(smallState(at)));
      for (const tree of trees) tree.root();
      let at = 0;
      const prepare = (to: number) => {
        at = (at + STRIDE) % agents;
        return to + plan.singles;
      };
      const samples = eachUs(plan.singles, prepare, (to) => {
        const next = written(trees[at] as Tree, SMALL, { count: 1, from: to, to });
        trees[at] = next;
        return next.root();
      });
      const note = `a write of one field through a draft and the root after it, each to another of ${agents} agents; ${conditions}`;
      rows.push(rowOf({ id: `scale.${agents}`, state: SMALL.name, unit: 'µs', samples, note }));
    }
    const [alone] = rows;
    return rows.map((row) => (alone === undefined || row === alone ? row : compared(row, alone)));
  },
};
