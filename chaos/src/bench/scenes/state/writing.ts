/** `write`, `write.edit` and `list.push`: what a turn's changes cost before anything is kept. */
import { draftOf, type Tree } from '@skep/state';
import { type Row, rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { eachUs } from './stopwatch.js';
import { SUBJECTS, type Subject, written } from './subject.js';

export const write: Scene = {
  id: 'write',
  async run({ plan, conditions }: Run) {
    return SUBJECTS.flatMap((subject) => {
      const draft = sequence(plan.singles, subject, (tree, to) => written(tree, subject, { count: 1, from: to, to }));
      const edit = sequence(plan.singles, subject, (tree, to) => tree.apply([subject.edit(to % subject.fields, to)]));
      const note = `one field, through a draft from its making to its changes; ${conditions}`;
      return [
        rowOf({ id: 'write', state: subject.name, unit: 'µs', samples: draft, note }),
        rowOf({ id: 'write.edit', state: subject.name, unit: 'µs', samples: edit, note: `one field, as an edit of the tree; ${conditions}` }),
      ];
    });
  },
};

export const listPush: Scene = {
  id: 'list.push',
  async run({ plan, conditions }: Run) {
    return SUBJECTS.flatMap((subject): readonly Row[] => {
      const { push } = subject;
      if (push === undefined) return [];
      const samples = sequence(plan.singles, subject, (tree, to) => {
        const draft = draftOf(tree);
        push(draft.state, to);
        return draft.finish().tree;
      });
      const note = `one item to a list that grows with each, through a draft; ${conditions}`;
      return [rowOf({ id: 'list.push', state: subject.name, unit: 'µs', samples, note })];
    });
  },
};

/** Each write on top of the one before. */
function sequence(operations: number, subject: Subject, work: (tree: Tree, to: number) => Tree): number[] {
  let { tree } = subject;
  return eachUs(
    operations,
    (at) => at + operations,
    (to) => {
      tree = work(tree, to);
    },
  );
}
