/** What `doctor` looks at outside of the data: the tools, the folder, the configuration. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DoctorReport } from '@skep/sdk';
import { ConfigError, loadConfig } from '@skep/sdk/project';
import { findConfig } from '../config/find-config.js';
import type { Shell } from '../frame/shell.js';

export type Check = DoctorReport['checks'][number];

/** The floor that package.json names. */
const NODE_FLOOR = [20, 19] as const;
/** A tool that does not answer within this time is as good as missing. */
const ANSWER_MS_MAX = 10_000;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1]);
  const remedy = `Install Node ${NODE_FLOOR.join('.')} or newer: nodejs.org, "brew install node", or "winget install OpenJS.NodeJS.LTS".`;
  return { name: 'Node', ok, detail: `version ${version}`, remedy: ok ? null : remedy };
}

/** Compiles better-sqlite3 when it is installed or moved to another Node. */
export function checkCompiler(env: Shell['env']): Check {
  const commands = env.CXX === undefined ? ['c++', 'g++', 'clang++'] : [env.CXX];
  for (const command of commands) {
    const answer = spawnSync(command, ['--version'], { encoding: 'utf8', timeout: ANSWER_MS_MAX, windowsHide: true });
    if (answer.error === undefined && answer.status === 0) return { name: 'compiler', ok: true, detail: firstLine(answer.stdout), remedy: null };
  }
  // Visual Studio keeps its compiler off PATH; there the installed package is proof enough.
  if (process.platform === 'win32') return { name: 'compiler', ok: true, detail: 'not looked for on Windows', remedy: null };
  return {
    name: 'compiler',
    ok: false,
    detail: `none of ${commands.join(', ')} answers`,
    remedy:
      'Debian, Ubuntu: sudo apt-get install build-essential; macOS: xcode-select --install; Windows: winget install Microsoft.VisualStudio.2022.BuildTools',
  };
}

/** The data folder, or the nearest folder above it in which it can be made. */
export function checkFolder(dir: string): Check {
  let folder = dir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder');
    return { name: 'folder', ok: true, detail: folder === dir ? `${dir} is writable` : `${dir} can be made`, remedy: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      name: 'folder',
      ok: false,
      detail: `${folder} cannot be used: ${why}`,
      remedy: 'Make it a folder that this user may write to, or name another one with --dir.',
    };
  }
}

export async function checkConfig(shell: Shell): Promise<Check> {
  const name = 'config';
  const file = findConfig(shell.cwd);
  if (file === undefined) return { name, ok: true, detail: 'no skep.config.ts here or above; only the kinds that come with Skep', remedy: null };
  try {
    const { kinds } = await loadConfig(file);
    return { name, ok: true, detail: `${file}: ${kinds.map(({ kind }) => kind).join(', ') || 'no kinds'}`, remedy: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { name, ok: false, detail: error.error.message, remedy: error.error.remedy };
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
