import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobConformance, logConformance, registryConformance } from '@skep/ports/conformance';
import { ENTRY_BYTES_MAX, type Folder, openFolder } from '../src/index.js';

async function freshFolder(): Promise<{ readonly folder: Folder; close(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'skep-test-'));
  const folder = await openFolder({ dir });
  return {
    folder,
    async close() {
      await folder.close();
      await rm(dir, { recursive: true });
    },
  };
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
  const { folder, close } = await freshFolder();
  return { blob: folder.ports.blob, close };
});
