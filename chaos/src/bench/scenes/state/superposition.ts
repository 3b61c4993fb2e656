/** `superposition.create` and `superposition.observe`: branches of one agent side by side, each of which has changed a field. */
import { agentId } from '@skep/kernel';
import type { Tree } from '@skep/state';
import { rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { eachUs, MEAN_OF, meansUs } from './stopwatch.js';
import { SUBJECTS, written } from './subject.js';
import { createdSuperposition, observed, superpositionsOf } from './superposed.js';

const AGENT = agentId({ tenant: 'default', kind: 'worker', name: '0' });
const BRANCHES: readonly number[] = [2, 64];

export const superposition: Scene = {
  id: 'superposition',
  async run({ plan, conditions }: Run) {
    return SUBJECTS.flatMap((subject) =>
      BRANCHES.flatMap((count) => {
        const trees = Array.from({ length: count }, (_, at): Tree => written(subject.tree, subject, { count: 1, from: at, to: at + 1 }));
        const about = `${count} branches, each of which changed another field; ${conditions}`;
        const create = eachUs(
          plan.singles,
          () => superpositionsOf(AGENT, subject.tree),
          (engine) => createdSuperposition(engine, AGENT, trees),
        );
        const engine = superpositionsOf(AGENT, subject.tree);
        const made = createdSuperposition(engine, AGENT, trees);
        const observe = meansUs(
          plan.means,
          () => engine,
          (from) => observed(from, made),
        );
        const observeNote = `by weight; each sample the mean of ${MEAN_OF}; ${about}`;
        return [
          rowOf({ id: idOf('superposition.create', count), state: subject.name, unit: 'µs', samples: create, note: about }),
          rowOf({ id: idOf('superposition.observe', count), state: subject.name, unit: 'µs', samples: observe, note: observeNote }),
        ];
      }),
    );
  },
};

function idOf(name: string, count: number): string {
  return count === BRANCHES[0] ? name : `${name}.${count}`;
}
