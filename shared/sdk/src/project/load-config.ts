/**
 * Loads a user's `skep.config.ts` with jiti, so that Node 20 understands TypeScript too.
 *
 * `@skep/sdk` inside it is always this program's own copy: kinds and errors are then of one kind everywhere, and a project works before
 * its packages are installed.
 */
import { readdirSync } from 'node:fs';
import { dirname, extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnyKind, GivenAddressKeys } from '@skep/actor';
import { SkepError } from '@skep/kernel';
import * as sdk from '../index.js';
import { addressKeysOf } from './address-keys.js';

/** What was built of this very package. */
const PROGRAM = fileURLToPath(new URL('..', import.meta.url));

export interface LoadedConfig {
  readonly file: string;
  readonly kinds: readonly AnyKind[];
  readonly addressKeys: GivenAddressKeys;
  /** The data folder, relative to the configuration. */
  readonly dir: string | undefined;
  /** The configuration and every module of the project that it imported. */
  readonly files: readonly string[];
}

/** A configuration that cannot be loaded, and the files in one of which the correction will be made. */
export class ConfigError extends Error {
  constructor(
    readonly error: SkepError,
    readonly files: readonly string[],
  ) {
    super(error.message);
  }
}

const SOURCE_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'];
/** Sources of a project that are looked at after a failure; a larger project is watched in part. */
const SOURCES_MAX = 2_000;

/** Evaluates the file and what it imports anew. @throws ConfigError */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(file, { virtualModules: { '@skep/sdk': sdk }, interopDefault: false });
  const evaluated = () => Object.keys(jiti.cache).filter((each) => isOfProject(each));
  // Jiti shares Node's cache of modules: what an earlier load left there would come back as it was.
  for (const each of evaluated()) delete jiti.cache[each];
  try {
    const { default: exported } = await jiti.import<{ readonly default?: unknown }>(file);
    const files = [...new Set([file, ...evaluated()])];
    return { file, kinds: kindsOf(file, exported), addressKeys: addressKeysOf(file, exported), dir: dirOf(exported), files };
  } catch (cause) {
    // The module that failed is not among those that were evaluated, and those that it imports were never reached.
    throw new ConfigError(configFailure(file, cause), [...new Set([file, ...evaluated(), ...sourcesBelow(dirname(file))])]);
  }
}

/** @throws SkepError `not-configured` */
export function kindsOf(file: string, exported: unknown): readonly AnyKind[] {
  const kinds: unknown = typeof exported === 'object' && exported !== null && 'kinds' in exported ? exported.kinds : undefined;
  const isKind = (each: unknown): each is AnyKind =>
    typeof each === 'object' &&
    each !== null &&
    'kind' in each &&
    typeof each.kind === 'string' &&
    'handlers' in each &&
    each.handlers instanceof Map;
  if (Array.isArray(kinds) && kinds.every(isKind)) return checkNames(file, kinds);
  throw new SkepError('not-configured', {
    message: `${file} has no default export with kinds`,
    id: file,
    remedy: 'Write: export default defineSkep({ kinds: [...] }), each kind made by defineAgent; both come from @skep/sdk.',
  });
}

function dirOf(exported: unknown): string | undefined {
  return typeof exported === 'object' && exported !== null && 'dir' in exported && typeof exported.dir === 'string' ? exported.dir : undefined;
}

function checkNames(file: string, kinds: readonly AnyKind[]): readonly AnyKind[] {
  const twice = kinds.find(({ kind }, at) => kinds.findIndex((each) => each.kind === kind) !== at);
  if (twice === undefined) return kinds;
  throw new SkepError('not-configured', { message: `${file} lists two kinds named ${twice.kind}`, id: file, remedy: 'Rename one of them.' });
}

function configFailure(file: string, cause: unknown): SkepError {
  if (cause instanceof SkepError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SkepError('not-configured', {
    message: `${file} cannot be loaded: ${message}`,
    id: file,
    remedy: 'Correct the file, or what it imports.',
    cause,
  });
}

function sourcesBelow(root: string): readonly string[] {
  const sources: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined && sources.length < SOURCES_MAX; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules' || entry.name === 'dist') continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (SOURCE_EXTENSIONS.includes(extname(entry.name))) sources.push(path);
    }
  }
  return sources;
}

/** Modules of the project itself: neither installed packages nor this one. */
function isOfProject(file: string): boolean {
  return !file.includes(`${sep}node_modules${sep}`) && !file.startsWith(PROGRAM);
}
