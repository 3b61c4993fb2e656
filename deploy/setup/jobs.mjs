/** The jobs by name, and the one place where failures become messages and exit codes. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Failure, Interrupted } from './failure.mjs';
import { endWithNpm } from './parent.mjs';
import { inRoot, ROOT } from './places.mjs';
import { makeReady } from './ready.mjs';

const CLI = 'services/cli/dist/main.js';

/** @type {Record<string, (args: string[]) => Promise<void>>} */
const JOBS = {
  start: (args) => runBuilt({ file: CLI, args: ['demo', ...args], folder: ROOT, servers: true }),
  skep: (args) => runBuilt({ file: CLI, args, folder: callersFolder(), servers: args[0] === 'up' }),
  bench: (args) => runBuilt({ file: 'chaos/dist/bench/main.js', args, folder: ROOT, servers: true }),
  explore: (args) => runBuilt({ file: 'chaos/dist/explore.js', args, folder: ROOT }),
  faults: (args) => runBuilt({ file: 'chaos/dist/faults.js', args, folder: ROOT, servers: true }),
  soak: (args) => runBuilt({ file: 'chaos/dist/soak.js', args, folder: ROOT }),
  test: async (args) => {
    await makeReady({ servers: true });
    const { runTests } = await import('../testing/run.mjs');
    process.exitCode = await runTests(args);
  },
  properties: async (args) => {
    await makeReady({ servers: false });
    const { runProperties } = await import('../testing/properties.mjs');
    process.exitCode = await runProperties(args);
  },
  verify: async () => {
    await makeReady({ servers: true });
    const { verify } = await import('../verify/main.mjs');
    await verify();
  },
  // Not made ready here: the tests run in a copy that has packages of its own.
  'test:node24': async (args) => {
    const { testOnNode24 } = await import('../node24/main.mjs');
    process.exitCode = await testOnNode24(args);
  },
};

/** @param {string[]} commandLine the job's name, then its arguments */
export async function runJob([name = '', ...args]) {
  const job = Object.hasOwn(JOBS, name) ? JOBS[name] : undefined;
  if (job === undefined) {
    process.stderr.write(`There is no job "${name}". There are: ${Object.keys(JOBS).join(', ')}.\n`);
    process.exitCode = 2;
    return;
  }
  endWithNpm();
  try {
    await job(args);
  } catch (error) {
    if (error instanceof Failure) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = error.exitCode;
    } else if (error instanceof Interrupted) {
      // Ends by the same signal, so that the caller sees what happened.
      process.kill(process.pid, error.signal);
    } else {
      throw error;
    }
  }
}

/**
 * Goes on as a built program, in this very process: its exit code, its signals and its terminal are then its own, and no
 * child can be left behind.
 * @param {{ file: string, args: string[], folder: string, servers?: boolean }} program
 */
async function runBuilt({ file, args, folder, servers = false }) {
  await makeReady({ servers });
  const path = inRoot(file);
  if (!existsSync(path)) {
    throw new Failure(`${file} does not exist: the sources here have no such program.`);
  }
  process.argv = [process.execPath, path, ...args];
  process.chdir(folder);
  await import(pathToFileURL(path).href);
}

/** npm runs scripts in the root; INIT_CWD is where the user was. */
function callersFolder() {
  const here = process.cwd();
  return inRoot() === `${here}/` || inRoot() === `${here}\\` ? (process.env.INIT_CWD ?? here) : here;
}
