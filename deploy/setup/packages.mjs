/**
 * Installs the packages by the lock file when node_modules does not match it.
 *
 * - P1 node_modules matches when its stamp names this lock file, this ABI of Node and this platform.
 * - P2 Without a stamp it still matches when it holds exactly what the lock file lists and better-sqlite3 loads: a user who
 *   ran `npm install` keeps what is there.
 * - P3 The stamp is written last and lies inside node_modules: an interrupted installation is done again.
 * - P4 A better-sqlite3 that would abort the process (see compiler.mjs) does not match and is built anew.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from './child.mjs';
import { compilerEnvironment, sqliteAborts } from './compiler.mjs';
import { EXIT_MISSING, Failure } from './failure.mjs';
import { inRoot, NODE_MODULES, ROOT } from './places.mjs';
import { step } from './step.mjs';
import { checkInstallTools, npmProgram } from './tools.mjs';

const STAMP = join(NODE_MODULES, '.skep-packages');

/** What npm says when it cannot reach the registry. */
const OFFLINE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|EIDLETIMEOUT)\b/;

/** P1. Cheap enough for every start. */
export function packagesMatch() {
  try {
    return readFileSync(STAMP, 'utf8') === expectedStamp();
  } catch {
    return false;
  }
}

/** Brings node_modules in line; the caller holds the lock. */
export async function installPackages() {
  if (packagesMatch()) {
    return;
  }
  if (!(listsMatch() && (await sqliteLoads()) && !sqliteAborts(process.versions.node))) {
    checkInstallTools();
    await step('installing packages (about a minute the first time, while better-sqlite3 compiles)', runNpmCi);
    if (!(await sqliteLoads())) {
      throw new Failure(
        'The packages are installed, but better-sqlite3 does not load. Its install script may be switched off: ' +
          'run `npm config get ignore-scripts`, then `npm rebuild better-sqlite3` to see why.',
      );
    }
    if (sqliteAborts(process.versions.node)) {
      throw new Failure(
        `The headers of Node ${process.versions.node} have a fault that ends processes (nodejs/node#65446), and better-sqlite3 was compiled with it. ` +
          'Use another Node, such as 22 or 24.18.',
        EXIT_MISSING,
      );
    }
  }
  writeFileSync(STAMP, expectedStamp());
}

function expectedStamp() {
  const lockHash = createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .digest('hex');
  return `lock ${lockHash}\nabi ${process.versions.modules}\nplatform ${process.platform}-${process.arch}\nsound\n`;
}

/** P2: compares the lock file with the list that npm keeps in node_modules. */
function listsMatch() {
  const wanted = packagesOf(inRoot('package-lock.json'));
  const there = packagesOf(join(NODE_MODULES, '.package-lock.json'));
  if (wanted === undefined || there === undefined) {
    return false;
  }
  const differs = Object.entries(wanted).some(([name, { version, optional }]) => {
    // A package for another platform is optional and absent.
    return name.includes('node_modules/') && (there[name] === undefined ? optional !== true : there[name].version !== version);
  });
  return !differs && Object.keys(there).every((name) => wanted[name] !== undefined);
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Tried in a child, so that the library stays unloaded (and replaceable) here. */
async function sqliteLoads() {
  if (!existsSync(join(NODE_MODULES, 'better-sqlite3'))) {
    return false;
  }
  const result = await runChild(process.execPath, ['-e', "new (require('better-sqlite3'))(':memory:').close()"], { cwd: ROOT, output: 'collect' });
  return result.code === 0;
}

async function runNpmCi() {
  const npm = npmProgram();
  if (npm === undefined) {
    throw new Failure('npm is gone from PATH.', EXIT_MISSING);
  }
  // Said outright, so that NODE_ENV=production or a quiet npm neither leaves out the compiler nor hides the reason of a failure.
  const args = [...npm.args, 'ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=warn'];
  const result = await runChild(npm.command, args, { cwd: ROOT, env: { ...process.env, ...compilerEnvironment() }, output: 'collect' });
  if (result.code !== 0) {
    const offline = OFFLINE.test(result.text)
      ? '\nThe package registry cannot be reached. Connect once (or set a proxy for npm) and start again.'
      : '';
    throw new Failure(`${result.text.trimEnd()}\n\nnpm ci failed with exit code ${result.code}.${offline}`);
  }
}
