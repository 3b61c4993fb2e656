/** Mistakes that somebody could make in the state room. Each is one change of one place; `rule` is the invariant that it breaks. */
import type { Patch } from './mutated-room.js';

export interface PlantedMistake extends Patch {
  readonly name: string;
  readonly rule: string;
}

const TOUCH = 'for (let part: DraftPart | undefined = this; part !== undefined && !part.touched; part = part.parent) part.touched = true;';

export const PLANTED_MISTAKES: readonly PlantedMistake[] = [
  {
    name: 'a subtree with one entry left stays a subtree',
    rule: 'G8',
    file: 'trie.ts',
    find: 'if (!isSingle(child)) return',
    replace: 'if (!isSingle(child) || level > 0) return',
  },
  {
    name: 'a map of 16 entries that had 17 stays a trie',
    rule: 'N2',
    file: 'map.ts',
    find: 'return count > FLAT_ENTRIES_MAX ?',
    replace: 'return count >= FLAT_ENTRIES_MAX ?',
  },
  {
    name: 'a set changes the leaf that versions share',
    rule: 'T2',
    file: 'list.ts',
    find: "if (list.kind === 'list') return succeed(new ListNode(list.items.with(at, item)), list);",
    replace: "if (list.kind === 'list') { (list.items as Item[])[at] = item; return new ListNode(list.items); }",
  },
  { name: 'a change marks its object and not those around it', rule: 'V2', file: 'map-part.ts', find: TOUCH, replace: 'this.touched = true;' },
  { name: 'a change marks its list and not what is around it', rule: 'V2', file: 'list-part.ts', find: TOUCH, replace: 'this.touched = true;' },
  {
    name: 'a draft writes to the map that it was made of',
    rule: 'R1',
    file: 'map-part.ts',
    find: 'const slots = this.isOwn ? (this.slots as Slot[]) : this.slots.slice();',
    replace: 'const slots = this.slots as Slot[];',
  },
  {
    name: 'a branch keeps its link when something below it was edited',
    rule: 'N3',
    file: 'trie.ts',
    find: 'return succeed(new Branch(part.dataMap, part.nodeMap, part.keys, part.items, children), part);',
    replace: 'return Object.assign(new Branch(part.dataMap, part.nodeMap, part.keys, part.items, children), { link: part.link });',
  },
  {
    name: 'a node that is patched has the size of the one before',
    rule: 'E1',
    file: 'seal.ts',
    find: 'node.size = size;',
    replace: 'node.size = encoding.size;',
  },
  {
    name: 'what stands behind a longer member is looked for where it was',
    rule: 'E1',
    file: 'encoding.ts',
    find: 'for (let place = at * 2 + 1; place < places.length; place += 1)',
    replace: 'for (let place = at * 2 + 1; place < at * 2 + 2; place += 1)',
  },
  {
    name: 'a map that was edited keeps its plain value',
    rule: 'N3',
    file: 'map.ts',
    find: `    items[at] = item;
    return succeed(new MapNode(map.keys, items), map);`,
    replace: `    items[at] = item;
    return Object.assign(new MapNode(map.keys, items), { plain: map.plain });`,
  },
  {
    name: 'keys of flat maps in the order of UTF-16',
    rule: 'C3',
    file: 'map.ts',
    find: 'if (compareKeys(keys[middle] as string, key) < 0)',
    replace: 'if ((keys[middle] as string) < key)',
  },
  {
    name: 'what was pushed behind a full leaf is not flushed',
    rule: 'V2',
    file: 'slot-list.ts',
    find: 'for (const slot of this.appended) list = listPush(list, settled(slot));',
    replace: 'if (this.baseLength === 0 || this.baseLength % 32 !== 0) for (const slot of this.appended) list = listPush(list, settled(slot));',
  },
  {
    name: 'a list of 33 items is one leaf',
    rule: 'N2',
    file: 'list.ts',
    find: 'return list.items.length < VECTOR_WIDTH ?',
    replace: 'return list.items.length <= VECTOR_WIDTH ?',
  },
  {
    name: 'where chunks end depends on what was chunked before',
    rule: 'G8',
    file: 'chunk.ts',
    find: `function chunkEnd(bytes: Uint8Array, start: number): number {
  const end = Math.min(bytes.length, start + CHUNK_BYTES_MAX);
  const average = Math.min(end, start + CHUNK_BYTES_AVERAGE);
  let rolling = 0;`,
    replace: `let carried = 0;
function chunkEnd(bytes: Uint8Array, start: number): number {
  const end = Math.min(bytes.length, start + CHUNK_BYTES_MAX);
  const average = Math.min(end, start + CHUNK_BYTES_AVERAGE + carried);
  carried = (carried + 1_000) % 3_000;
  let rolling = 0;`,
  },
  {
    name: 'a difference skips parts of one length',
    rule: 'D1',
    file: 'diff.ts',
    find: 'isEqualByLink(from, to) === true) return;',
    replace: "(isEqualByLink(from, to) === true || ('size' in from && 'size' in to && from.size > 0 && from.size === to.size))) return;",
  },
  {
    name: 'a bucket finds its first key only',
    rule: 'G8',
    file: 'trie.ts',
    find: `  const at = part.keys.indexOf(key);
  return at < 0 ? undefined : part.items[at];`,
    replace: `  const at = part.keys.indexOf(key);
  return at !== 0 ? undefined : part.items[at];`,
  },
  {
    name: 'a bucket keeps its keys in the order of arrival',
    rule: 'G8',
    file: 'trie.ts',
    find: 'const sorted = entries.toSorted((one, other) => compareKeys(one.key, other.key));',
    replace: 'const sorted = entries;',
  },
  {
    name: 'bytes are kept as they were given',
    rule: 'R2',
    file: 'build.ts',
    find: 'return new BytesNode(new Uint8Array(value));',
    replace: 'return new BytesNode(value);',
  },
  {
    name: 'readers get the bytes that the tree holds',
    rule: 'T2',
    file: 'plain.ts',
    find: 'return found.bytes.slice();',
    replace: 'return found.bytes;',
  },
  {
    name: 'states of one length are one checkpoint',
    rule: 'E2',
    file: 'tree.ts',
    find: 'return this.item === other.item ||',
    replace: 'return this.byteLength === other.byteLength || this.item === other.item ||',
  },
  {
    name: 'a key that was deleted in a large map of a draft comes back',
    rule: 'V2',
    file: 'map-part.ts',
    find: 'else if (mapGet(map, key, this.space) !== undefined)',
    replace: 'else if (overlay.size > 1 && mapGet(map, key, this.space) !== undefined)',
  },
  {
    name: 'reversing a list is no change',
    rule: 'V2',
    file: 'list-methods.ts',
    find: `      part.touch();
      part.slots.all().reverse();`,
    replace: '      part.slots.all().reverse();',
  },
  {
    name: 'a pack holds the links of parts that were sealed before, and not the parts',
    rule: 'V2',
    file: 'seal.ts',
    find: 'this.sink === undefined || this.sink.has(link)',
    replace: 'this.sink === undefined || this.sink.has(link) || child.size > 0',
  },
  {
    name: 'agents share parts of one length',
    rule: 'V7',
    file: 'share.ts',
    find: "const name = node.kind + Buffer.from(node.link).toString('latin1');",
    replace: 'const name = node.kind + node.size;',
  },
  {
    name: 'a merge goes by the oldest ancestor in common',
    rule: 'V8',
    file: 'versions/ancestry.ts',
    find: 'return this.open.pop();',
    replace: 'return this.open.shift();',
  },
  {
    name: 'of several ancestors a merge goes by one',
    rule: 'V8',
    file: 'versions/merge-base.ts',
    find: ': new Ancestors(rules).merged(ancestors);',
    replace: ': { ancestors, tree: (ancestors[0] as Checkpoint).tree, isUndecided: false };',
  },
  {
    name: 'a merge forgets what was deleted',
    rule: 'V8',
    file: 'merge/merger.ts',
    find: 'if (item === present) continue;',
    replace: 'if (item === present || item === undefined) continue;',
  },
  {
    name: 'a large map that was merged counts only what it had',
    rule: 'V8',
    file: 'merge/maps.ts',
    find: 'let count = ours.count + theirs.count - base.count;',
    replace: 'let count = ours.count;',
  },
  {
    name: 'a merge takes parts for alike whose keys are not those of the other side',
    rule: 'V8',
    file: 'merge/maps.ts',
    find: 'return base.keys === ours.keys && base.keys === theirs.keys && base.nodeMap',
    replace: 'return base.keys === ours.keys && base.nodeMap',
  },
  {
    name: 'both sides adding the same is one addition',
    rule: 'V8',
    file: 'merge/merger.ts',
    find: 'if (isKnownSame(ours, theirs) && !mayCount(rules)) return ours;',
    replace: 'if (isSame(ours, theirs)) return ours;',
  },
  {
    name: 'a head moves from wherever it is',
    rule: 'V4',
    file: 'versions/version-graph.ts',
    find: 'if (head !== (from === undefined ? undefined : this.get(from)))',
    replace: 'if ((head === undefined) !== (from === undefined))',
  },
  {
    name: 'a set of a large map counts a key that it had',
    rule: 'N2',
    file: 'trie.ts',
    find: `    setting.isNew = false;
    if (present.item`,
    replace: '    if (present.item',
  },
  {
    name: 'letting go of old states lets go of heads',
    rule: 'E1',
    file: 'versions/version-graph.ts',
    find: 'new Set<Checkpoint>([...heads, ...this.named',
    replace: 'new Set<Checkpoint>([...this.named',
  },
  {
    name: 'letting go of old states lets go of what branches are compared with',
    rule: 'V8',
    file: 'versions/version-graph.ts',
    find: ', ...basesAmong(heads)]',
    replace: ']',
  },
  {
    name: 'the newest version can be evicted',
    rule: 'V1',
    file: 'memory/retained-versions.ts',
    find: `    const past = agent.keep();
    this.past += 1;
    this.used += past.bytes + agent.move(version, tree);`,
    replace: `    this.used += agent.move(version, tree);
    const past = agent.keep();
    this.past += 1;
    this.used += past.bytes;`,
  },
  {
    name: 'nobody is told of a version that was evicted',
    rule: 'V5',
    file: 'memory/retained-versions.ts',
    find: 'this.options.evicted?.(',
    replace: 'if (evicted.owner.past.length > 2) this.options.evicted?.(',
  },
  {
    name: 'who closes gives back the past and not the newest',
    rule: 'V2',
    file: 'memory/retained-versions.ts',
    find: `    this.used -= agent.liveBytes + agent.besideBytes;
    this.uncounted.delete(agent);`,
    replace: '    this.uncounted.delete(agent);',
  },
];
