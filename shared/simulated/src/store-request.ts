/** What a node asks of a store. */
export type StoreRequest =
  | { readonly kind: 'append'; readonly lane: string; readonly bytes: Uint8Array; readonly expected: number }
  | { readonly kind: 'read'; readonly lane: string; readonly from: number; readonly bytesMax: number }
  | { readonly kind: 'last'; readonly lane: string }
  | { readonly kind: 'trim'; readonly lane: string; readonly below: number }
  | { readonly kind: 'update'; readonly key: string; readonly value: Uint8Array; readonly expected: number }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'list'; readonly prefix: string; readonly after: string | undefined; readonly limit: number }
  | { readonly kind: 'put'; readonly hash: string; readonly bytes: Uint8Array }
  | { readonly kind: 'fetch'; readonly hash: string }
  | { readonly kind: 'has'; readonly hash: string }
  | { readonly kind: 'delete'; readonly hash: string };

const WRITES: ReadonlySet<StoreRequest['kind']> = new Set(['append', 'trim', 'update', 'put', 'delete']);

export function isWrite(request: StoreRequest): boolean {
  return WRITES.has(request.kind);
}

/** What a request is about: a lane, a key, a hash. */
export function subjectOf(request: StoreRequest): string {
  switch (request.kind) {
    case 'append':
    case 'read':
    case 'last':
    case 'trim':
      return request.lane;
    case 'update':
    case 'get':
      return request.key;
    case 'list':
      return request.prefix;
    default:
      return request.hash;
  }
}
