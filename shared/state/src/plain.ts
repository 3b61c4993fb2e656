/**
 * Nodes as plain frozen values. Each node remembers its value, so after a change only the changed path is made again. Dates and bytes cannot
 * be frozen: readers get copies, and what holds some is made anew for each reader, so that no reader can change what another reads.
 */
import { LIMITS, SkepError, setOwn, type Value } from '@skep/kernel';
import { FLAT_ENTRIES_MAX } from './format.js';
import { listItems } from './list.js';
import { sortedEntries } from './map.js';
import { type Item, type ListItem, loadedItem, type MapItem } from './node.js';

/** @throws SkepError `corrupt` or `malformed` when a part that was not read yet turns out to be damaged */
export function plainOf(item: Item, depth: number): Value {
  const found = loadedItem(item);
  if (typeof found !== 'object' || found === null) return found;
  switch (found.kind) {
    case 'text':
      return found.text;
    case 'bytes':
      return found.bytes.slice();
    case 'date':
      return new Date(found.ms);
    default:
      return found.plain ?? plainContainer(found, depth);
  }
}

function plainContainer(node: MapItem | ListItem, depth: number): Value {
  if (depth >= LIMITS.valueDepth) throw new SkepError('malformed', { message: `a stored value nests deeper than ${LIMITS.valueDepth}` });
  return node.kind === 'map' || node.kind === 'wide' ? plainMap(node, depth) : plainList(node, depth);
}

function plainMap(node: MapItem, depth: number): Value {
  const map: Record<string, Value> = {};
  let lasting = true;
  const put = (key: string, item: Item) => {
    setOwn(map, key, plainOf(item, depth + 1));
    lasting &&= isLasting(item);
  };
  if (node.kind === 'map') for (let at = 0; at < node.keys.length; at += 1) put(node.keys[at] as string, node.items[at] as Item);
  else {
    const entries = sortedEntries(node);
    // The count is part of what was hashed; what a link led to is only known now.
    if (entries.length !== node.count || node.count <= FLAT_ENTRIES_MAX)
      throw new SkepError('malformed', { message: 'a stored map does not have the entries it declares' });
    for (const { key, item } of entries) put(key, item);
  }
  Object.freeze(map);
  if (lasting) node.plain = map;
  return map;
}

function plainList(node: ListItem, depth: number): Value {
  const items = node.kind === 'list' ? node.items : listItems(node);
  let lasting = true;
  const list: Value[] = [];
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] as Item;
    list.push(plainOf(item, depth + 1));
    lasting &&= isLasting(item);
  }
  Object.freeze(list);
  if (lasting) node.plain = list;
  return list;
}

/** Whether the value that was just made of the item can be given to everybody. */
function isLasting(item: Item): boolean {
  const found = loadedItem(item);
  if (typeof found !== 'object' || found === null || found.kind === 'text') return true;
  return found.kind !== 'date' && found.kind !== 'bytes' && found.plain !== undefined;
}
