/** Libraries of immutable values: one field of a state changed, the version before kept. None of them knows a root. */
import { finish, load, task } from './peer.mjs';
import { eachUsAtOnce, SUBJECTS } from './state-subjects.mjs';

const { produce } = await load('immer');
const { create } = await load('mutative');
const { fromJS } = await load('immutable');

/** @param {(state: any, to: number, subject: typeof SUBJECTS[number]) => any} next */
function writes(id, name, from, next) {
  return SUBJECTS.map((subject) => {
    let state = from(subject.make());
    const work = (to) => {
      state = next(state, to, subject);
    };
    const samples = eachUsAtOnce(Math.ceil(Math.min(task.operations, 500) * subject.share), work);
    return { id, state: subject.name, unit: 'µs', level: 'memory', name, note: 'one field, a version kept without a root', samples };
  });
}

const same = (value) => value;

finish([
  ...writes('peer.immer', 'immer 10.2.0', same, (state, to, { set }) => produce(state, (draft) => set(draft, to))),
  ...writes('peer.mutative', 'mutative 1.3.0', same, (state, to, { set }) => create(state, (draft) => set(draft, to))),
  ...writes('peer.immutable', 'immutable 5.2.1', fromJS, (state, to, { path, value }) => state.setIn(path(to), value(to))),
]);
