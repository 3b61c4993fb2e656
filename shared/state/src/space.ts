/**
 * An address space: how nodes are hashed and where keys stand in tries. One for each address key; trees of one space share nodes and roots,
 * trees of different spaces have nothing in common.
 */
import { type Hash, HashKey, toHex } from '@skep/kernel';

/** The first 64 bits of the hash of a key. */
export interface Address {
  readonly high: number;
  readonly low: number;
}

/** Addresses kept; twice as many at most, the older half is dropped. */
const ADDRESSES_KEPT = 16_384;
/** Longer keys are hashed whenever they are met: what is kept takes some ten megabytes at most, whatever the keys are. */
const KEPT_KEY_UNITS_MAX = 256;
const utf8 = new TextEncoder();

export class Space {
  readonly hashKey: HashKey;
  readonly hash: Hash;
  private recent = new Map<string, Address>();
  private older = new Map<string, Address>();

  constructor(readonly addressKey?: Uint8Array) {
    this.hashKey = new HashKey(addressKey);
    this.hash = this.hashKey.hash;
  }

  addressOf(key: string): Address {
    const known = this.recent.get(key);
    if (known !== undefined) return known;
    const address = this.older.get(key) ?? this.computeAddress(key);
    if (key.length > KEPT_KEY_UNITS_MAX) return address;
    if (this.recent.size >= ADDRESSES_KEPT) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(key, address);
    return address;
  }

  /** Tests replace it to bring about collisions. */
  protected computeAddress(key: string): Address {
    const view = new DataView(this.hash(utf8.encode(key)).buffer);
    return { high: view.getInt32(0), low: view.getInt32(4) };
  }
}

/** The four bits of an address that one level of a trie goes by. */
export function nibbleOf(address: Address, level: number): number {
  return level < 8 ? (address.high >>> (28 - level * 4)) & 15 : (address.low >>> (60 - level * 4)) & 15;
}

/** The space of trees without an address key. */
export const PLAIN_SPACE = new Space();

const spaces = new Map<string, WeakRef<Space>>();
const dropped = new FinalizationRegistry<string>((name) => {
  if (spaces.get(name)?.deref() === undefined) spaces.delete(name);
});

/** The one space of an address key for as long as a tree of it lives, so that trees made apart from each other can be compared. */
export function spaceOf(addressKey: Uint8Array | undefined): Space {
  if (addressKey === undefined) return PLAIN_SPACE;
  const name = toHex(addressKey);
  const known = spaces.get(name)?.deref();
  if (known !== undefined) return known;
  const space = new Space(addressKey.slice());
  spaces.set(name, new WeakRef(space));
  dropped.register(space, name);
  return space;
}
