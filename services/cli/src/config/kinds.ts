/** Which kinds a folder is opened with: those of the user's configuration and those that come with the command line. */
import type { AnyKind } from '@skep/sdk';
import { ConfigError, loadConfig } from '@skep/sdk/project';
import { isDemoFolder } from '../demo/demo-folder.js';
import { DEMO_KINDS } from '../demo/kinds/index.js';
import type { Shell } from '../frame/shell.js';
import { Trajectory } from '../replay/trajectory-kind.js';
import { findConfig } from './find-config.js';

/** A kind of the configuration stands before one of ours that has its name. */
export function withOurKinds(kinds: readonly AnyKind[], dir: string): readonly AnyKind[] {
  const ours = [Trajectory, ...(isDemoFolder(dir) ? DEMO_KINDS : [])];
  return [...kinds, ...ours.filter(({ kind }) => !kinds.some((each) => each.kind === kind))];
}

/** @throws SkepError `not-configured` */
export async function kindsFor(shell: Shell, dir: string): Promise<readonly AnyKind[]> {
  const file = findConfig(shell.cwd);
  if (file === undefined) return withOurKinds([], dir);
  try {
    return withOurKinds((await loadConfig(file)).kinds, dir);
  } catch (error) {
    throw error instanceof ConfigError ? error.error : error;
  }
}
