/** What sequences ask of the state room, so that a room with a mistake in it can take its place. */
import type { diff, draftOf, Forest, packTree, RetainedVersions, StateEngine, Tree, treeOf, unpackTree } from '@skep/state';

export interface StateRoom {
  readonly treeOf: typeof treeOf;
  readonly draftOf: typeof draftOf;
  readonly diff: typeof diff;
  readonly packTree: typeof packTree;
  readonly unpackTree: typeof unpackTree;
  readonly StateEngine: typeof StateEngine;
  readonly Forest: typeof Forest;
  readonly RetainedVersions: typeof RetainedVersions;
}

const CROWDED_KEY = new Uint8Array(32).fill(7);
export const KEYED = new Uint8Array(32).fill(9);

interface Crowd {
  computeAddress(key: string): { readonly high: number; readonly low: number };
}

/**
 * The address key of a space in which the addresses of keys have very few bits, so that keys collide at every depth and in whole. Holds for as
 * long as the tree lives.
 */
export function crowdedKey(room: StateRoom): { readonly addressKey: Uint8Array; readonly tree: Tree } {
  const tree = room.treeOf(null, { addressKey: CROWDED_KEY });
  const { space } = tree as unknown as { readonly space: Crowd };
  space.computeAddress = (key) => {
    let sum = key.length;
    for (let at = 0; at < key.length; at += 1) sum += key.charCodeAt(at);
    return { high: sum % 2 === 0 ? 0 : 0x1000_0000, low: sum % 3 };
  };
  return { addressKey: CROWDED_KEY, tree };
}
