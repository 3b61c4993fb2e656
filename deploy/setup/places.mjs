/** Where things are. Every path is made here, so that set-up works from any folder. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What set-up keeps for itself; ignored by git and outlives node_modules. */
export const CACHE = join(ROOT, '.cache');

/** Servers that set-up fetched or built; ignored by git. `@skep/nats/servers` looks for them here. */
export const TOOLS_FOLDER = join(ROOT, '.tools');

export const NODE_MODULES = join(ROOT, 'node_modules');

/**
 * @param {...string} parts below the root
 * @returns {string}
 */
export const inRoot = (...parts) => join(ROOT, ...parts);

/** The entry files of tools, started with this very Node: no `.bin` links, no shell, the same on Windows. */
export const TOOL = {
  biome: inRoot('node_modules/@biomejs/biome/bin/biome'),
  tsc: inRoot('node_modules/typescript/bin/tsc'),
  turbo: inRoot('node_modules/turbo/bin/turbo'),
  vitest: inRoot('node_modules/vitest/vitest.mjs'),
};
