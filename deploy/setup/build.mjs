/**
 * Builds what changed. `tsc -b` is incremental itself; a fingerprint of the sources (names, sizes, times) saves even
 * starting it when nothing changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from './child.mjs';
import { Failure } from './failure.mjs';
import { inRoot, NODE_MODULES, ROOT, TOOL } from './places.mjs';
import { step } from './step.mjs';

const STAMP = join(NODE_MODULES, '.skep-build');

/** The folders that `tsconfig.json` refers to, relative to the root. */
function projects() {
  /** @type {{ references: { path: string }[] }} */
  const { references } = JSON.parse(readFileSync(inRoot('tsconfig.json'), 'utf8'));
  return references.map(({ path }) => path);
}

/** Whether dist/ is what the sources would give. */
export function buildMatches() {
  try {
    return readFileSync(STAMP, 'utf8') === fingerprint() && projects().every((project) => existsSync(inRoot(project, 'dist', '.tsbuildinfo')));
  } catch {
    return false;
  }
}

/** Builds; the caller holds the lock. */
export async function build() {
  if (buildMatches()) {
    return;
  }
  // Taken before the build: a file saved during it is built the next time.
  const before = fingerprint();
  const result = await step('building', () => runNode(TOOL.tsc, ['-b'], { cwd: ROOT, output: 'collect' }));
  if (result.code !== 0) {
    throw new Failure(`${result.text.trimEnd()}\n\nThe build failed: tsc -b ended with exit code ${result.code}.`);
  }
  writeFileSync(STAMP, before);
}

function fingerprint() {
  const hash = createHash('sha256');
  /** @param {string} path */
  const add = (path) => {
    const { mtimeMs, size } = statSync(inRoot(path));
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  };
  for (const path of ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json']) {
    add(path);
  }
  for (const project of projects()) {
    add(join(project, 'tsconfig.json'));
    add(join(project, 'package.json'));
    for (const path of filesBelow(join(project, 'src'))) {
      add(path);
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  return readdirSync(inRoot(folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
}
