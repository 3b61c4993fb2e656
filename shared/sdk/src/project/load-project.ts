/** Kinds and address keys out of several modules: a project's configuration, and programs that bring their own. */
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyKind, GivenAddressKeys } from '@skep/actor';
import { SkepError } from '@skep/kernel';
import { addressKeysOf } from './address-keys.js';
import { ConfigError, kindsOf, loadConfig } from './load-config.js';

export interface Project {
  readonly kinds: readonly AnyKind[];
  readonly addressKeys: GivenAddressKeys;
}

/** Node imports these by itself, with the packages that are installed beside them; everything else is a project's source. */
const BUILT = new Set(['.js', '.mjs']);

/**
 * The kinds and address keys of all files, in their order; of several kinds with one name, and of several keys of a tenant, the first. A `skep.config.*` or a TypeScript file is loaded as the
 * command line loads it, any other `.js` or `.mjs` as the built module that it is. Each has a default export with `kinds`.
 *
 * @throws SkepError `not-configured` naming the file
 */
export async function loadProject(files: readonly string[]): Promise<Project> {
  const kinds = new Map<string, AnyKind>();
  let addressKeys: GivenAddressKeys = {};
  for (const file of files) {
    const project = await projectIn(file);
    for (const kind of project.kinds) if (!kinds.has(kind.kind)) kinds.set(kind.kind, kind);
    addressKeys = { ...project.addressKeys, ...addressKeys };
  }
  return { kinds: [...kinds.values()], addressKeys };
}

async function projectIn(file: string): Promise<Project> {
  if (!BUILT.has(extname(file)) || basename(file).startsWith('skep.config.')) {
    try {
      return await loadConfig(file);
    } catch (error) {
      throw error instanceof ConfigError ? error.error : error;
    }
  }
  let module: { readonly default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new SkepError('not-configured', {
      message: `${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      id: file,
      remedy: 'Name a module that is there and whose default export has kinds.',
      cause,
    });
  }
  return { kinds: kindsOf(file, module.default), addressKeys: addressKeysOf(file, module.default) };
}
