/** Data folders of one run, on the disk of the repository: a temporary folder may lie in memory, where fsync costs nothing. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where results go that outlive a run. */
export const RESULTS = resolve('.cache', 'bench');

export interface Scratch {
  readonly folder: () => string;
  readonly remove: () => void;
}

export function makeScratch(): Scratch {
  mkdirSync(RESULTS, { recursive: true });
  const root = mkdtempSync(join(RESULTS, 'run-'));
  let folders = 0;
  return {
    folder: () => {
      folders += 1;
      const folder = join(root, String(folders));
      mkdirSync(folder);
      return folder;
    },
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}
