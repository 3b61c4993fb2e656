/** Finding what a path leads to. */
import type { Path } from '@skep/kernel';
import { listGet, listLength } from './list.js';
import { mapGet } from './map.js';
import { type Item, isList, isMap, loadedItem } from './node.js';
import type { Space } from './space.js';

export function itemAt(root: Item, path: Path, space: Space): Item | undefined {
  let item: Item | undefined = root;
  for (let at = 0; at < path.length && item !== undefined; at += 1) item = memberOf(item, path[at] as string | number, space);
  return item;
}

/** Keys are for maps, indexes for lists. */
export function memberOf(item: Item, step: string | number, space: Space): Item | undefined {
  const found = loadedItem(item);
  if (typeof step === 'string') return isMap(found) ? mapGet(found, step, space) : undefined;
  return isList(found) && Number.isInteger(step) && step >= 0 && step < listLength(found) ? listGet(found, step) : undefined;
}
