/** The fixed numbers of content format 1; `FORMAT.md` explains them. A change to any of them is another format with another version byte. */
export const FORMAT_VERSION = 1;
export const PACK_VERSION = 1;

/** Version and tag, before the body of a node. */
export const NODE_HEADER_BYTES = 2;

/** The second byte of a node: what it is. */
export const TAG = {
  /** A flat value: a map of up to 16 entries, a list of up to 32 items, or a scalar. */
  value: 1,
  wideMap: 2,
  branch: 3,
  bucket: 4,
  vector: 5,
  vectorBranch: 6,
  text: 7,
  bytes: 8,
  chunkGroup: 9,
  chunk: 10,
} as const;

/** The extension type of a link: the hash of a node and the encoded length of what it holds. */
export const LINK_EXTENSION = 2;
export const HASH_BYTES = 32;

/** A flat body up to this length stands in its parent; a longer one is a node of its own. */
export const INLINE_BYTES_MAX = 64;
/** Maps with more entries are tries. */
export const FLAT_ENTRIES_MAX = 16;
/** Bits of a key's address that one level of a trie uses, and the levels there are; keys that agree in all of them share a bucket. */
export const TRIE_BITS = 4;
export const TRIE_LEVELS = 16;
/** Items in a leaf of a vector, children of a branch. */
export const VECTOR_WIDTH = 32;
export const VECTOR_BITS = 5;

/** Texts (as UTF-8) and bytes beyond this length are chunked. */
export const CHUNKED_BYTES_MIN = 4097;
export const CHUNK_BYTES_MIN = 2048;
export const CHUNK_BYTES_AVERAGE = 4096;
export const CHUNK_BYTES_MAX = 16384;
/** A chunk ends where so many upper bits of the rolling hash are zero: more of them before the average length, fewer after. */
export const CHUNK_BITS_EARLY = 14;
export const CHUNK_BITS_LATE = 10;
/** Chunks that a node lists; beyond that they are grouped. */
export const CHUNK_LIST_MAX = 64;
export const CHUNK_GROUP_MIN = 8;
export const CHUNK_GROUP_MAX = 128;
/** A group ends after a child whose hash begins with a byte that has these bits zero. */
export const CHUNK_GROUP_MASK = 31;
