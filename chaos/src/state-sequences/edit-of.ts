/** Edits of places that are there. */
import { setOwn, type Value } from '@skep/kernel';
import type { Edit } from '@skep/state';
import type { Content } from './content.js';
import { copyOf, type Holder, isHolder, type PlainMap } from './plain.js';

/** Done to the model, too. */
export function editOf(model: PlainMap, content: Content): Edit {
  const { random } = content;
  const path: (string | number)[] = [];
  let holder: Holder = model;
  for (let level = random.below(3); level > 0; level -= 1) {
    const key = random.pick(Object.keys(holder));
    const member: unknown = key === undefined ? undefined : (holder as PlainMap)[key];
    if (key === undefined || !isHolder(member)) break;
    path.push(Array.isArray(holder) ? Number(key) : key);
    holder = member;
  }
  const given = content.value(1) as Value;
  if (Array.isArray(holder)) return editOfList(holder, path, { at: random.below(holder.length + 1), kind: random.below(3), given });
  const name = random.pick(Object.keys(holder));
  if (name !== undefined && random.chance(0.3)) {
    delete holder[name];
    return { kind: 'delete', path: [...path, name] };
  }
  const key = name !== undefined && random.chance(0.4) ? name : content.key();
  const kind = Object.hasOwn(holder, key) ? 'update' : 'create';
  setOwn(holder, key, copyOf(given));
  return { kind, path: [...path, key], new: given };
}

interface ListEdit {
  readonly at: number;
  readonly kind: number;
  readonly given: Value;
}

function editOfList(list: unknown[], path: readonly (string | number)[], { at, kind, given }: ListEdit): Edit {
  const here = [...path, at];
  if (at < list.length && kind === 0) {
    list.splice(at, 1);
    return { kind: 'delete', path: here };
  }
  if (at < list.length && kind === 1) {
    list[at] = copyOf(given);
    return { kind: 'update', path: here, new: given };
  }
  list.splice(at, 0, copyOf(given));
  return { kind: 'create', path: here, new: given };
}
