import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Folder, openFolder } from '../../src/index.js';

/** Fresh folders for one test file; closed and removed after each test. */
export function freshFolders() {
  let dirs: string[] = [];
  let folders: Folder[] = [];
  afterEach(async () => {
    for (const folder of folders) await folder.close();
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
    dirs = [];
    folders = [];
  });
  const freshDir = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'skep-test-'));
    dirs.push(dir);
    return dir;
  };
  const open = async (dir: string, maxBytes?: number): Promise<Folder> => {
    const folder = await openFolder(maxBytes === undefined ? { dir } : { dir, maxBytes });
    folders.push(folder);
    return folder;
  };
  return { freshDir, open };
}

/** The error that a promise rejects with. */
export async function rejection(work: Promise<unknown>): Promise<{ readonly code: unknown; readonly message: string; readonly remedy: unknown }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) {
      const { code, remedy } = error as { code?: unknown; remedy?: unknown };
      return { code, message: error.message, remedy };
    }
    throw error;
  }
  throw new Error('it did not reject');
}
