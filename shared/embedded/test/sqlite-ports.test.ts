import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HashHex } from '@skep/kernel';
import { blobConformance, logConformance, registryConformance } from '@skep/ports/conformance';
import Sqlite from 'better-sqlite3';
import { ENTRY_BYTES_MAX, type Folder, openFolder } from '../src/index.js';

async function freshFolder(): Promise<{ readonly dir: string; readonly folder: Folder; close(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'skep-test-'));
  const folder = await openFolder({ dir });
  return {
    dir,
    folder,
    async close() {
      await folder.close();
      await rm(dir, { recursive: true });
    },
  };
}

function changeOneByte(file: string, hash: HashHex): void {
  const database = new Sqlite(file);
  try {
    const bytes = database.prepare<[string], Buffer>('SELECT bytes FROM blobs WHERE hash = ?').pluck().get(hash) as Buffer;
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    database.prepare('UPDATE blobs SET bytes = ? WHERE hash = ?').run(bytes, hash);
  } finally {
    database.close();
  }
}

logConformance('the log of a folder', async () => {
  const { folder, close } = await freshFolder();
  return { log: folder.ports.log, entryBytesMax: ENTRY_BYTES_MAX, close };
});
registryConformance('the registry of a folder', async () => {
  const { folder, close } = await freshFolder();
  return { registry: folder.ports.registry, close };
});
blobConformance('the blob store of a folder', async () => {
  const fresh = await freshFolder();
  const { dir } = fresh;
  let { folder } = fresh;
  return {
    blob: {
      put: (bytes) => folder.ports.blob.put(bytes),
      get: (hash) => folder.ports.blob.get(hash),
      has: (hash) => folder.ports.blob.has(hash),
      delete: (hash) => folder.ports.blob.delete(hash),
    },
    async damage(hash) {
      await folder.close();
      changeOneByte(join(dir, 'blobs.db'), hash);
      folder = await openFolder({ dir });
    },
    async close() {
      await folder.close();
      await rm(dir, { recursive: true });
    },
  };
});
