/** A copy of the tracked files, as they are in the working tree, that is brought up to date rather than made anew. */
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot } from '../setup/places.mjs';
import { trackedFiles } from '../setup/tracked.mjs';

/** What the copy makes for itself and keeps. */
const OWN = new Set(['node_modules', 'dist', '.cache', '.tools', '.turbo', 'coverage']);

/** @param {string} copy */
export function copyTracked(copy) {
  const wanted = new Set(trackedFiles());
  for (const file of filesBelow(copy, '')) {
    if (!wanted.has(file)) {
      rmSync(join(copy, file));
    }
  }
  for (const file of wanted) {
    const source = statSync(inRoot(file));
    const target = statSync(join(copy, file), { throwIfNoEntry: false });
    if (target === undefined || target.size !== source.size || target.mtimeMs !== source.mtimeMs) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      copyFileSync(inRoot(file), join(copy, file));
      // The same time as the original: the next run sees what changed.
      utimesSync(join(copy, file), source.atime, source.mtime);
    }
  }
}

/**
 * @param {string} root
 * @param {string} folder below the root, '' for the root
 * @returns {string[]} paths with forward slashes, as git writes them
 */
function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return OWN.has(entry.name) ? [] : filesBelow(root, path);
    }
    return [path];
  });
}
