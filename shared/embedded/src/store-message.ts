/** What the threads of a store say to each other. One message carries everything that came up in one tick. */
import type { ErrorShape } from '@skep/kernel';

export interface Call<Request> {
  readonly id: number;
  readonly request: Request;
}

export type Answer =
  | { readonly id: number; readonly kind: 'done'; readonly result: unknown }
  | { readonly id: number; readonly kind: 'failed'; readonly error: ErrorShape };

export type ToStore<Request> =
  | { readonly kind: 'calls'; readonly calls: readonly Call<Request>[] }
  /** Tests fill the disk with it. */
  | { readonly kind: 'limit'; readonly bytesMax: number | undefined }
  | { readonly kind: 'close' };

export type FromStore =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly error: ErrorShape }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | { readonly kind: 'closed' };

/** What a worker is given at its start. */
export interface StoreStart {
  readonly file: string;
  readonly expected: boolean;
  readonly bytesMax: number | undefined;
}

export type LogRequest =
  | { readonly kind: 'append'; readonly lane: string; readonly bytes: Uint8Array; readonly expected: number }
  | { readonly kind: 'read'; readonly lane: string; readonly from: number; readonly bytesMax: number }
  | { readonly kind: 'last'; readonly lane: string }
  | { readonly kind: 'trim'; readonly lane: string; readonly below: number }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'update'; readonly key: string; readonly value: Uint8Array; readonly expected: number }
  | { readonly kind: 'list'; readonly prefix: string; readonly after: string | undefined; readonly limit: number };

export type BlobRequest =
  | { readonly kind: 'put'; readonly bytes: Uint8Array }
  | { readonly kind: 'get'; readonly hash: string }
  | { readonly kind: 'has'; readonly hash: string }
  | { readonly kind: 'delete'; readonly hash: string };

/** Entries of one read, packed: `bytes` holds them one after the other. */
export interface PackedEntries {
  readonly sequences: readonly number[];
  readonly lengths: readonly number[];
  readonly bytes: Uint8Array;
}
