/** `branch`, `merge.fast-forward` and `merge`. */
import { agentId } from '@skep/kernel';
import { type BranchName, type CheckpointId, MAIN_BRANCH, StateEngine } from '@skep/state';
import { rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { fieldsOf } from './checkpoint.js';
import { besideCopy, copyRow } from './copy.js';
import { eachUs, MEAN_OF, meansUs } from './stopwatch.js';
import { SUBJECTS, type Subject, written } from './subject.js';

const AGENT = agentId({ tenant: 'default', kind: 'worker', name: '0' });
const NAMES = Array.from({ length: MEAN_OF }, (_, at) => `branch-${at}`);
const MAIN: BranchName = { agent: AGENT, name: MAIN_BRANCH };

export const branch: Scene = {
  id: 'branch',
  async run(run: Run) {
    const { plan, conditions } = run;
    return SUBJECTS.map((subject) => {
      const prepare = () => begun(subject);
      const samples = meansUs(plan.means, prepare, ({ engine, id }, at) => engine.branchState(id, NAMES[at] as string));
      const note = `each sample the mean of ${MEAN_OF} branches; ${conditions}`;
      return besideCopy(rowOf({ id: 'branch', state: subject.name, unit: 'µs', samples, note }), copyRow(subject, run));
    });
  },
};

export const fastForward: Scene = {
  id: 'merge.fast-forward',
  async run({ plan, conditions }: Run) {
    return SUBJECTS.map((subject) => {
      const ahead = written(subject.tree, subject, { count: 1, from: 0, to: 1 });
      const prepare = () => {
        const { engine, id } = begun(subject);
        const source = engine.branchState(id, 'ahead');
        engine.createCheckpoint(AGENT, ahead, source.name);
        return { engine, source, targets: NAMES.map((name) => engine.branchState(id, name)) };
      };
      const samples = meansUs(plan.means, prepare, ({ engine, source, targets }, at) => engine.mergeStates(source, targets[at] as BranchName));
      const note = `target had not changed since the branch began; each sample the mean of ${MEAN_OF} merges; ${conditions}`;
      return rowOf({ id: 'merge.fast-forward', state: subject.name, unit: 'µs', samples, note });
    });
  },
};

export const merge: Scene = {
  id: 'merge',
  async run({ plan, conditions }: Run) {
    return SUBJECTS.flatMap((subject) =>
      plan.changes
        .filter((count) => count <= 10)
        .map((count) => {
          const half = subject.fields / 2;
          const prepare = (at: number) => {
            const { engine, id } = begun(subject);
            const source = engine.branchState(id, 'source');
            const to = at + plan.singles;
            // Neighbours of each other are 37 fields apart, and the sides begin so that they never meet.
            engine.createCheckpoint(AGENT, written(subject.tree, subject, { count, from: to % half, to }), source.name);
            engine.createCheckpoint(AGENT, written(subject.tree, subject, { count, from: (to % half) + half, to }));
            return { engine, source };
          };
          const samples = eachUs(plan.singles, prepare, ({ engine, source }) => {
            const { kind } = engine.mergeStates(source, MAIN);
            if (kind !== 'merged') throw new Error(`a merge without conflicts was ${kind}`);
          });
          const note = `three-way, ${fieldsOf(count)} changed on each side, no conflict, no root; ${conditions}`;
          return rowOf({ id: count === 1 ? 'merge' : `merge.${count}`, state: subject.name, unit: 'µs', samples, note });
        }),
    );
  },
};

function begun({ tree }: Subject): { readonly engine: StateEngine; readonly id: CheckpointId } {
  const engine = new StateEngine();
  return { engine, id: engine.createCheckpoint(AGENT, tree).id };
}
