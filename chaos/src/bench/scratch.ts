/** Data folders of one run, on the disk of the repository: a temporary folder may lie in memory, where fsync costs nothing. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where results go that outlive a run. */
export const RESULTS = resolve('.cache', 'bench');

const PREFIX = 'run-';

export interface Scratch {
  readonly folder: () => string;
  readonly remove: () => void;
}

export function makeScratch(): Scratch {
  mkdirSync(RESULTS, { recursive: true });
  removeOrphans();
  const root = join(RESULTS, `${PREFIX}${process.pid}`);
  mkdirSync(root);
  let folders = 0;
  return {
    folder: () => {
      folders += 1;
      const folder = join(root, String(folders));
      mkdirSync(folder);
      return folder;
    },
    remove: () => remove(root),
  };
}

/** A run that was interrupted leaves its folders behind. */
function removeOrphans(): void {
  for (const name of readdirSync(RESULTS)) if (name.startsWith(PREFIX) && !isAlive(Number(name.slice(PREFIX.length)))) remove(join(RESULTS, name));
}

function isAlive(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
