/** Automerge's own history: a change is a version with a hash, heads name it, `view` goes back to it, `clone` is a branch. */
import { finish, load, task } from './peer.mjs';
import { eachUsAtOnce, SUBJECTS } from './state-subjects.mjs';

const { change, clone, diff, from, getHeads, getLastLocalChange, merge, save, view } = await load('@automerge/automerge');

const NAME = 'Automerge 3.5.0';
/** A history only grows, so there are not many. */
function rowsOf(subject) {
  const operations = Math.ceil(Math.min(task.operations, 200) * subject.share);
  const few = Math.ceil(Math.min(task.operations, 60) * subject.share);
  const rows = [];
  const put = (id, unit, note, samples) =>
    rows.push({ id: `peer.automerge.${id}`, state: subject.name, unit, level: 'memory', name: NAME, note, samples });
  let document = from(subject.make());
  const write = (to) => {
    document = change(document, (draft) => subject.set(draft, to));
  };
  const before = save(document).length;
  put('change', 'µs', 'one field, committed with its hash', eachUsAtOnce(operations, write));
  const grown = (save(document).length - before) / (operations + Math.ceil(operations / 2));
  put('saved.bytes', 'bytes', 'what the saved document grew by a change: columns over all of history, of which no version can be read alone', [
    grown,
  ]);
  const own = Array.from({ length: few }, (_, to) => {
    write(3_000_000 + to);
    return getLastLocalChange(document)?.length ?? 0;
  });
  put('bytes', 'bytes', "a change's own bytes", own);
  const heads = getHeads(document);
  const base = document;
  const views = (to) => readAt(view(base, heads), subject.path(to));
  write(1_000_003);
  put('view', 'µs', 'an older version, one field read', eachUsAtOnce(few, views));
  // Each pair of versions once: the library remembers what it compared last.
  const versions = [getHeads(document)];
  for (let to = 1; to <= few * 2; to += 1) {
    write(2_000_000 + to);
    versions.push(getHeads(document));
  }
  const differences = () => diff(document, versions.pop(), versions.at(-1));
  put('diff', 'µs', 'one field differs', eachUsAtOnce(few, differences));
  put(
    'clone',
    'µs',
    'a copy with its own history',
    eachUsAtOnce(few, () => clone(document)),
  );
  const branches = [];
  for (let to = 0; to < few + Math.ceil(few / 2); to += 1) {
    const own = change(clone(document), (draft) => subject.set(draft, to));
    branches.push([own, change(clone(document), (draft) => subject.set(draft, to + 20))]);
  }
  const merged = () => {
    const [one, other] = branches.pop() ?? [];
    merge(one, other);
  };
  put('merge', 'µs', 'one field changed on each side', eachUsAtOnce(few, merged));
  return rows;
}

const readAt = (value, path) => path.reduce((found, step) => found[step], value);

finish(SUBJECTS.flatMap(rowsOf));
