/**
 * What the compiler is told when better-sqlite3 is built, and how a build is recognised that aborts.
 *
 * Node 24 from 24.19 on has a fault in a header: an addon built with it ends the whole process when the garbage collector frees
 * one of its objects at the wrong moment (nodejs/node#65446). A better-sqlite3 that is compiled here gets object-wrap.h put before
 * its sources; one that comes ready-made is looked at.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot, NODE_MODULES } from './places.mjs';

/** The function that only such an addon calls. */
const FAULT = 'RemoveEnvironmentCleanupHook';

/** The line of Node that has the fault: Node 26 has the same header and copes with it. */
const LINE = 24;

/**
 * @param {string} version as in `process.versions.node`
 * @returns {boolean} whether the headers of this Node have the fault
 */
export function headersAbort(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === LINE && minor >= 19;
}

/**
 * For whatever may compile an addon: Node's own headers, where they came with it (nothing is then downloaded), and the mend.
 * @returns {NodeJS.ProcessEnv} to be laid over process.env
 */
export function compilerEnvironment() {
  return { ...headers(), ...(headersAbort(process.versions.node) ? mend(process.env.CXXFLAGS) : {}) };
}

/**
 * @param {string} version as in `process.versions.node`
 * @returns {boolean} whether this Node and the better-sqlite3 in node_modules abort together, whichever Node of the line built it
 */
export function sqliteAborts(version) {
  if (!version.startsWith(`${LINE}.`)) {
    return false;
  }
  try {
    return readFileSync(join(NODE_MODULES, 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node')).includes(FAULT);
  } catch {
    return false;
  }
}

/**
 * @param {string | undefined} flags
 * @returns {NodeJS.ProcessEnv}
 */
function mend(flags = '') {
  const include = `-include "${inRoot('deploy', 'setup', 'object-wrap.h')}"`;
  return flags.includes(include) ? {} : { CXXFLAGS: `${flags} ${include}`.trim() };
}

/** @returns {NodeJS.ProcessEnv} */
function headers() {
  const folder = dirname(dirname(process.execPath));
  const given = process.env.npm_config_nodedir !== undefined && process.env.npm_config_nodedir !== '';
  return given || headersVersion(folder) !== process.versions.node ? {} : { npm_config_nodedir: folder };
}

/**
 * @param {string} folder
 * @returns {string | undefined}
 */
function headersVersion(folder) {
  try {
    const text = readFileSync(join(folder, 'include', 'node', 'node_version.h'), 'utf8');
    return ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1]).join('.');
  } catch {
    return undefined;
  }
}
