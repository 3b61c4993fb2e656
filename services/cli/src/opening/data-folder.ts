/** Where the data of a command lie: where `--dir` says, else where the configuration says, else in `.skep`. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError, loadConfig } from '@skep/sdk/project';
import { findConfig, speaksOf } from '../config/find-config.js';
import type { Shell } from '../frame/shell.js';

/** Below the folder of the configuration, or below the one that the user called from where there is none. */
export const DATA_FOLDER = '.skep';

/** Files that a Skep makes in its folder before any other. */
const SIGNS = ['folder.json', 'log.db'];

/** @throws SkepError `not-configured` when the configuration would have to say and cannot be loaded */
export async function dataFolder(shell: Shell, given: string | undefined): Promise<string> {
  if (given !== undefined) return resolve(shell.cwd, given);
  const config = findConfig(shell.cwd);
  if (config === undefined) return join(shell.cwd, DATA_FOLDER);
  return resolve(dirname(config), (await dirOf(config)) ?? DATA_FOLDER);
}

export function holdsData(dir: string): boolean {
  return SIGNS.some((name) => existsSync(join(dir, name)));
}

/** Whether a folder has data and is not the one of the project that the user is in. @throws SkepError as `dataFolder` */
export async function isForeign(shell: Shell, dir: string): Promise<boolean> {
  return holdsData(dir) && dir !== (await dataFolder(shell, undefined));
}

async function dirOf(config: string): Promise<string | undefined> {
  if (!speaksOf(config, 'dir')) return undefined;
  try {
    return (await loadConfig(config)).dir;
  } catch (error) {
    throw error instanceof ConfigError ? error.error : error;
  }
}
