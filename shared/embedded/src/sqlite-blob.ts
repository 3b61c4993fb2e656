import type { HashHex } from '@skep/kernel';
import type { Blob } from '@skep/ports';
import { BLOB_BYTES_MAX, blobTooLarge } from './memory-blob.js';
import type { StoreClient } from './store-client.js';
import type { BlobRequest } from './store-message.js';

/** Blobs in `blobs.db`. Hashing and checking happen in its thread. */
export class SqliteBlob implements Blob {
  constructor(private readonly store: StoreClient<BlobRequest>) {}

  async put(bytes: Uint8Array): Promise<HashHex> {
    if (bytes.length > BLOB_BYTES_MAX) throw blobTooLarge(bytes.length);
    const copy = new Uint8Array(bytes);
    return (await this.store.call({ kind: 'put', bytes: copy }, { writes: true, move: copy.buffer })) as HashHex;
  }

  async get(hash: HashHex): Promise<Uint8Array | undefined> {
    const found = (await this.store.call({ kind: 'get', hash }, { writes: false })) as { readonly bytes: Uint8Array } | undefined;
    return found?.bytes;
  }

  has(hash: HashHex): Promise<boolean> {
    return this.store.call({ kind: 'has', hash }, { writes: false }) as Promise<boolean>;
  }

  async delete(hash: HashHex): Promise<void> {
    await this.store.call({ kind: 'delete', hash }, { writes: true });
  }
}
