/** What a folder is opened with: the kinds of the user's configuration and those that come with the command line, and the address keys. */
import type { AnyKind } from '@skep/sdk';
import { ConfigError, loadConfig, type Project } from '@skep/sdk/project';
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
export function projectFor(shell: Shell, dir: string): Promise<Project> {
  return projectIn(findConfig(shell.cwd), dir);
}

/** @param file of the user, if there is one @throws SkepError `not-configured` */
export async function projectIn(file: string | undefined, dir: string): Promise<Project> {
  if (file === undefined) return { kinds: withOurKinds([], dir), addressKeys: {} };
  try {
    const { kinds, addressKeys } = await loadConfig(file);
    return { kinds: withOurKinds(kinds, dir), addressKeys };
  } catch (error) {
    throw error instanceof ConfigError ? error.error : error;
  }
}
