/**
 * A user's project: its `skep.config.ts`, and the kinds in it.
 *
 *   const { kinds, dir } = await loadConfig('/projects/mine/skep.config.ts');
 *   const all = await loadProject(['/projects/mine/skep.config.ts', '/programs/more-kinds.js']);
 */
export { readAddressKey } from './address-keys.js';
export { ConfigError, type LoadedConfig, loadConfig } from './load-config.js';
export { loadProject, type Project } from './load-project.js';
