/** How deep a value nests: 0 for a scalar. Only asked where a part of a draft is copied to another depth. */
import { listItems } from './list.js';
import { sortedEntries } from './map.js';
import { type Item, isList, isMap, loadedItem } from './node.js';

export function heightOfItem(item: Item): number {
  const found = loadedItem(item);
  if (isList(found)) return 1 + highest(listItems(found));
  if (isMap(found)) return 1 + highest(found.kind === 'map' ? found.items : sortedEntries(found).map((entry) => entry.item));
  return 0;
}

function highest(items: readonly Item[]): number {
  let height = 0;
  for (const item of items) if (typeof item === 'object' && item !== null) height = Math.max(height, heightOfItem(item));
  return height;
}
