/** The files that belong to the repository. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { inRoot, ROOT } from './places.mjs';

/** Skipped where there is no git to ask (a copy, an archive). */
const MADE = new Set(['node_modules', 'dist', '.git', '.cache', '.tools', '.turbo', '.skep', 'coverage']);

/**
 * Files that git tracks, or would with `git add`, and that exist.
 * @returns {string[]} relative to the root, with forward slashes, sorted
 */
export function trackedFiles() {
  if (!existsSync(inRoot('.git'))) {
    return filesBelow('').sort();
  }
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (git.status !== 0) {
    throw new Error(`git ls-files failed: ${git.error?.message ?? git.stderr}`);
  }
  return [...new Set(git.stdout.split('\0'))].filter((file) => file !== '' && existsSync(inRoot(file))).sort();
}

/**
 * @param {string} folder below the root, '' for the root
 * @returns {string[]}
 */
function filesBelow(folder) {
  return readdirSync(inRoot(folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return MADE.has(entry.name) ? [] : filesBelow(path);
    }
    return /\.(tsbuildinfo|tgz)$/.test(path) ? [] : [path];
  });
}
