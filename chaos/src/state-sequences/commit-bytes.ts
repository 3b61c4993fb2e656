/**
 * What a store of nodes writes over very many commits of one agent: each node once. It must stay in proportion to the commits; a store in
 * which each commit rewrites some of what came before does not.
 */
import { Reader } from '@skep/kernel';
import { draftOf, packTree, treeOf } from '@skep/state';

export interface CommitBytes {
  readonly commits: number;
  /** Written by each tenth of the commits. */
  readonly tenths: readonly number[];
  /** The dearest tenth to the cheapest one; far above 1 it is no longer linear. */
  readonly ratio: number;
}

/** Commits that all cost about the same must not come to cost more than so many times as much. */
export const RATIO_MAX = 1.1;
const MEMORY_ITEMS = 50;
const HEADER_BYTES = 38;
const ENTRY_BYTES = 20;
const PREFIX_BYTES = 16;

interface State {
  step: number;
  memory: { text: string; score: number }[];
}

/** Each commit takes a step and replaces the oldest of 50 items, so the state stays of one length. */
export function commitBytes(commits: number): CommitBytes {
  const written = new Set<string>();
  const tenths: number[] = [];
  let bytes = 0;
  let tree = treeOf({ step: 1_000_000, memory: Array.from({ length: MEMORY_ITEMS }, (_, at) => itemOf(1_000_000 + at)) });
  addNodes(packTree(tree), written);
  for (let commit = 0; commit < commits; commit += 1) {
    const draft = draftOf<State>(tree);
    draft.state.step += 1;
    draft.state.memory.push(itemOf(1_000_000 + MEMORY_ITEMS + commit));
    draft.state.memory.shift();
    tree = draft.finish().tree;
    bytes += addNodes(packTree(tree), written);
    if (Math.floor(((commit + 1) * 10) / commits) > tenths.length) {
      tenths.push(bytes);
      bytes = 0;
    }
  }
  return { commits, tenths, ratio: Number((Math.max(...tenths) / Math.min(...tenths)).toFixed(3)) };
}

const itemOf = (number: number) => ({ text: `memory item number ${number}`, score: 0.5 });

/** Bytes of the nodes of a pack that were not there before. */
function addNodes(pack: Uint8Array, written: Set<string>): number {
  const view = new DataView(pack.buffer, pack.byteOffset);
  const count = view.getUint32(HEADER_BYTES - 4);
  const dataAt = HEADER_BYTES + count * ENTRY_BYTES;
  let bytes = 0;
  for (let at = HEADER_BYTES; at < dataAt; at += ENTRY_BYTES) {
    const name = Buffer.from(pack.buffer, pack.byteOffset + at, PREFIX_BYTES).toString('latin1');
    if (written.has(name)) continue;
    written.add(name);
    bytes += new Reader(pack, dataAt + view.getUint32(at + PREFIX_BYTES)).value(0) as number;
  }
  return bytes;
}
