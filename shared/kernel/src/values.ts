/** What a state, an input or a reply may hold. Undefined in an object is absence; see FORMAT.md of the state room for what is refused. */
export type Value = null | boolean | number | string | Uint8Array | Date | readonly Value[] | { readonly [key: string]: Value };

/** A place in a value: keys of objects, indexes of lists. */
export type Path = readonly (string | number)[];

/** One field-level change (event shape P2). `old` and `new` are absent where there was or is nothing. */
export type Change =
  | { readonly kind: 'create'; readonly path: Path; readonly new: Value }
  | { readonly kind: 'update'; readonly path: Path; readonly old: Value; readonly new: Value }
  | { readonly kind: 'delete'; readonly path: Path; readonly old: Value };
