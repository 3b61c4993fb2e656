/**
 * What the machine must have before packages are installed: npm, and what compiles better-sqlite3. Each missing tool is
 * reported with what is there instead and the remedy, all of them at once.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_MISSING, Failure } from './failure.mjs';

/** A tool that does not answer within this time is as good as missing. */
const ANSWER_MS_MAX = 20_000;

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} purpose
 * @property {readonly string[]} commands any one of them will do, the preferred first
 * @property {{ apt: string, brew: string, windows: string }} remedy
 */

/** @type {Record<'npm' | 'compiler' | 'make' | 'python' | 'git', Tool>} */
export const TOOLS = {
  npm: {
    name: 'npm',
    purpose: 'installs the packages',
    commands: ['npm'],
    remedy: {
      apt: 'sudo apt-get install npm',
      brew: 'brew install node',
      windows: 'winget install OpenJS.NodeJS.LTS   or   choco install nodejs-lts',
    },
  },
  compiler: {
    name: 'a C++ compiler',
    purpose: 'compiles better-sqlite3, once',
    commands: process.env.CXX === undefined ? ['c++', 'g++', 'clang++'] : [process.env.CXX],
    remedy: {
      apt: 'sudo apt-get install build-essential',
      brew: 'xcode-select --install',
      windows:
        'winget install Microsoft.VisualStudio.2022.BuildTools --override "--add Microsoft.VisualStudio.Workload.VCTools"   or   choco install visualstudio2022-workload-vctools',
    },
  },
  make: {
    name: 'make',
    purpose: 'compiles better-sqlite3, once',
    commands: ['make', 'gmake'],
    remedy: { apt: 'sudo apt-get install build-essential', brew: 'xcode-select --install', windows: 'not needed' },
  },
  python: {
    name: 'Python 3',
    purpose: 'prepares the compilation of better-sqlite3',
    commands: process.platform === 'win32' ? ['py', 'python', 'python3'] : ['python3', 'python'],
    remedy: {
      apt: 'sudo apt-get install python3',
      brew: 'brew install python',
      windows: 'winget install Python.Python.3.12   or   choco install python',
    },
  },
  git: {
    name: 'git',
    purpose: 'lists the files of the repository',
    commands: ['git'],
    remedy: { apt: 'sudo apt-get install git', brew: 'brew install git', windows: 'winget install Git.Git   or   choco install git' },
  },
};

/** Throws one failure that names every tool that an installation of the packages would miss. */
export function checkInstallTools() {
  const needed = [TOOLS.compiler, TOOLS.python];
  if (process.platform !== 'win32') {
    needed.push(TOOLS.make);
  }
  if (npmProgram() === undefined) {
    needed.unshift(TOOLS.npm);
  }
  checkTools(needed);
}

/** @param {readonly Tool[]} tools */
export function checkTools(tools) {
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length > 0) {
    throw new Failure(missing.map(describe).join('\n\n'), EXIT_MISSING);
  }
}

/**
 * How to start npm: the one that runs us, else the one on PATH.
 * @returns {{ command: string, args: string[] } | undefined}
 */
export function npmProgram() {
  const running = process.env.npm_execpath;
  if (running !== undefined && /npm-cli\.c?js$/.test(running) && existsSync(running)) {
    return { command: process.execPath, args: [running] };
  }
  return answers('npm') ? { command: 'npm', args: [] } : undefined;
}

/**
 * @param {Tool} tool
 * @returns {boolean}
 */
function isThere(tool) {
  if (process.platform === 'win32' && tool === TOOLS.compiler) {
    // Visual Studio keeps its compiler off PATH and is found through its installer.
    const programs = process.env['ProgramFiles(x86)'] ?? 'C:\\Program Files (x86)';
    return existsSync(join(programs, 'Microsoft Visual Studio', 'Installer', 'vswhere.exe'));
  }
  return tool === TOOLS.python ? pythonVersions(tool).some(({ version }) => version.startsWith('3.')) : tool.commands.some(answers);
}

/**
 * @param {string} command
 * @returns {boolean}
 */
function answers(command) {
  return ask(command, ['--version']) !== undefined;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {string | undefined} what it wrote; undefined when it is missing, fails or says nothing in time
 */
export function ask(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: ANSWER_MS_MAX, shell: process.platform === 'win32', windowsHide: true });
  return result.error === undefined && result.status === 0 ? `${result.stdout}${result.stderr}`.trim() : undefined;
}

/** @param {Tool} tool */
function pythonVersions(tool) {
  return tool.commands.flatMap((command) => {
    const version = /Python (\d+\.\d+\S*)/.exec(ask(command, ['--version']) ?? '')?.[1];
    return version === undefined ? [] : [{ command, version }];
  });
}

/**
 * @param {Tool} tool
 * @returns {string}
 */
function describe(tool) {
  const found = tool === TOOLS.python ? pythonVersions(tool).map(({ command, version }) => `${command} is ${version}`) : [];
  const instead = found.length > 0 ? found.join(', ') : `none of ${tool.commands.join(', ')} answers on PATH`;
  return [
    `Missing: ${tool.name} (${tool.purpose}). Found instead: ${instead}.`,
    `  Debian, Ubuntu:  ${tool.remedy.apt}`,
    `  macOS:           ${tool.remedy.brew}`,
    `  Windows:         ${tool.remedy.windows}`,
  ].join('\n');
}
