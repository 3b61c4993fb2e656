/** Kinds out of several modules: a project's configuration, and programs that bring their own. */
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyKind } from '@skep/actor';
import { SkepError } from '@skep/kernel';
import { ConfigError, kindsOf, loadConfig } from './load-config.js';

/** Node imports these by itself, with the packages that are installed beside them; everything else is a project's source. */
const BUILT = new Set(['.js', '.mjs']);

/**
 * The kinds of all files, in their order; of several with one name the first. A `skep.config.*` or a TypeScript file is loaded as the
 * command line loads it, any other `.js` or `.mjs` as the built module that it is. Each has a default export with `kinds`.
 *
 * @throws SkepError `not-configured` naming the file
 */
export async function loadKinds(files: readonly string[]): Promise<readonly AnyKind[]> {
  const kinds = new Map<string, AnyKind>();
  for (const file of files) {
    for (const kind of await kindsIn(file)) if (!kinds.has(kind.kind)) kinds.set(kind.kind, kind);
  }
  return [...kinds.values()];
}

async function kindsIn(file: string): Promise<readonly AnyKind[]> {
  if (!BUILT.has(extname(file)) || basename(file).startsWith('skep.config.')) {
    try {
      return (await loadConfig(file)).kinds;
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
  return kindsOf(file, module.default);
}
