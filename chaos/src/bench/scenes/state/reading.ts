/** `diff`, `restore.memory` and `read.path`. */
import { agentId } from '@skep/kernel';
import { type CheckpointId, diff as diffOf, StateEngine, type Tree } from '@skep/state';
import { rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { fieldsOf } from './checkpoint.js';
import { besideCopy, copyRow } from './copy.js';
import { eachUs, MEAN_OF, meansUs } from './stopwatch.js';
import { SUBJECTS, written } from './subject.js';

const AGENT = agentId({ tenant: 'default', kind: 'worker', name: '0' });
const VERSIONS = 100;

export const diff: Scene = {
  id: 'diff',
  async run({ plan, conditions }: Run) {
    return SUBJECTS.flatMap((subject) =>
      plan.changes.map((count) => {
        const prepare = (at: number) => {
          const to = at + plan.singles;
          return written(subject.tree, subject, { count, from: to, to });
        };
        const samples = eachUs(plan.singles, prepare, (tree) => {
          if (diffOf(subject.tree, tree).length !== count) throw new Error('a diff told another number of changes');
        });
        const note = `${fieldsOf(count)} differ; changes with old and new values; ${conditions}`;
        return rowOf({ id: count === 1 ? 'diff' : `diff.${count}`, state: subject.name, unit: 'µs', samples, note });
      }),
    );
  },
};

export const restoreMemory: Scene = {
  id: 'restore.memory',
  async run(run: Run) {
    const { plan, conditions } = run;
    return SUBJECTS.map((subject) => {
      const engine = new StateEngine();
      const ids: CheckpointId[] = [];
      let { tree } = subject;
      for (let to = 0; to < VERSIONS; to += 1) {
        ids.push(engine.createCheckpoint(AGENT, tree).id);
        tree = written(tree, subject, { count: 1, from: to, to });
      }
      const samples = meansUs(
        plan.means,
        () => engine,
        (from, at) => from.restoreState(ids[(at * 37) % VERSIONS] as CheckpointId).get(subject.path),
      );
      const note = `any of ${VERSIONS} versions, the first read of a nested field included; each sample the mean of ${MEAN_OF}; ${conditions}`;
      return besideCopy(rowOf({ id: 'restore.memory', state: subject.name, unit: 'µs', samples, note }), copyRow(subject, run));
    });
  },
};

export const readPath: Scene = {
  id: 'read.path',
  async run({ plan, conditions }: Run) {
    return SUBJECTS.map((subject) => {
      const samples = meansUs(
        plan.means,
        () => subject.tree,
        (tree: Tree) => tree.get(subject.path),
      );
      const note = `${subject.path.join('.')}; each sample the mean of ${MEAN_OF}; ${conditions}`;
      return rowOf({ id: 'read.path', state: subject.name, unit: 'µs', samples, note });
    });
  },
};
