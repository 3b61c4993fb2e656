/** `checkpoint.freeze` and `checkpoint.sealed`: what keeping a version costs, without and with its root. */
import { agentId } from '@skep/kernel';
import { StateEngine, type Tree } from '@skep/state';
import { rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { besideCopy, copyRow } from './copy.js';
import { eachUs, MEAN_OF, meansUs } from './stopwatch.js';
import { SUBJECTS, written } from './subject.js';

const AGENT = agentId({ tenant: 'default', kind: 'worker', name: '0' });
/** An engine is left after so many versions: as many as an agent keeps. */
const VERSIONS = 100;

export const freeze: Scene = {
  id: 'checkpoint.freeze',
  async run(run: Run) {
    const { plan, conditions } = run;
    return SUBJECTS.flatMap((subject) => {
      const trees: Tree[] = [subject.tree];
      for (let to = 1; to < MEAN_OF; to += 1) trees.push(written(trees[to - 1] as Tree, subject, { count: 1, from: to, to }));
      const samples = meansUs(
        plan.means,
        () => new StateEngine(),
        (engine, at) => engine.createCheckpoint(AGENT, trees[at] as Tree),
      );
      const note = `no root yet; each sample the mean of ${MEAN_OF} versions, one field changed from one to the next; ${conditions}`;
      const copied = copyRow(subject, run);
      return [besideCopy(rowOf({ id: 'checkpoint.freeze', state: subject.name, unit: 'µs', samples, note }), copied), copied];
    });
  },
};

export const sealed: Scene = {
  id: 'checkpoint.sealed',
  async run(run: Run) {
    const { plan, conditions } = run;
    return SUBJECTS.flatMap((subject) => {
      const copied = copyRow(subject, run);
      return plan.changes.map((count) => {
        let { tree } = subject;
        let engine = new StateEngine();
        tree.root();
        const prepare = (at: number) => {
          if (at % VERSIONS === 0) engine = new StateEngine();
          tree = written(tree, subject, { count, from: at * count + plan.singles, to: at + plan.singles });
          return tree;
        };
        const samples = eachUs(plan.singles, prepare, (next) => {
          engine.createCheckpoint(AGENT, next);
          return next.root();
        });
        const id = count === 1 ? 'checkpoint.sealed' : `checkpoint.sealed.${count}`;
        const note = `frozen and its root known, ${fieldsOf(count)} changed before; the write itself stands in write; ${conditions}`;
        return besideCopy(rowOf({ id, state: subject.name, unit: 'µs', samples, note }), copied);
      });
    });
  },
};

export function fieldsOf(count: number): string {
  return count === 1 ? 'one field' : `${count} fields`;
}
