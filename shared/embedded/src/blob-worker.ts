/** The thread that owns `blobs.db`. It is not the log's, so that a large snapshot never delays a lane. */
import { assertNever } from '@skep/kernel';
import { BLOB_SCHEMA, BlobTables } from './blob-tables.js';
import type { BlobRequest } from './store-message.js';
import { serveStore } from './store-worker.js';

/** A deletion writes no payload, yet frees pages. */
const DELETE_BYTES = 16 * 1024;

serveStore<BlobRequest>(BLOB_SCHEMA, (database, file) => {
  const blobs = new BlobTables(database, file);
  return {
    perform(request) {
      switch (request.kind) {
        case 'put':
          return blobs.put(request.bytes);
        case 'get': {
          const bytes = blobs.get(request.hash);
          return bytes === undefined ? undefined : { bytes };
        }
        case 'has':
          return blobs.has(request.hash);
        case 'delete':
          return blobs.delete(request.hash);
        default:
          return assertNever(request);
      }
    },
    writtenBytes: (request) => (request.kind === 'put' ? request.bytes.length + 1 : request.kind === 'delete' ? DELETE_BYTES : 0),
    flush: () => undefined,
    forget: () => undefined,
  };
});
