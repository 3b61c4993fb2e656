/** Whether an API that FEATURES.md names exists: in the exports of a package's sources, or as a command of the CLI. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runNode } from '../setup/child.mjs';
import { inRoot } from '../setup/places.mjs';

const CLI = 'services/cli/dist/main.js';

/** A command that does not print its help within this time does not exist. */
const HELP_MS_MAX = 15_000;

/** @type {Map<string, string | undefined>} */
const known = new Map();

/**
 * @param {string} api `package#export`, `package#Export.member` or `skep <command>`
 * @returns {Promise<string | undefined>} what is wrong; undefined when it exists
 */
export async function apiProblem(api) {
  if (!known.has(api)) {
    known.set(api, api.startsWith('skep ') ? await commandProblem(api) : exportProblem(api));
  }
  return known.get(api);
}

/** @param {string} api */
function exportProblem(api) {
  const match = /^(@skep\/[\w/-]+)#(\w+)(?:\.(\w+))?$/.exec(api);
  if (match === null) {
    return 'it is neither `package#export`, `package#Export.member` nor `skep <command>`';
  }
  const [, specifier = '', name = '', member] = match;
  const entry = entryOf(specifier);
  if (entry === undefined) {
    return `${specifier} has no such entry in its package.json`;
  }
  if (!exportsOf(entry).has(name)) {
    return `${entry} exports no ${name}`;
  }
  if (member !== undefined && !new RegExp(`\\b${member}\\b\\s*[?(<:=]`).test(sourcesBelow(dirname(entry)))) {
    return `the sources of ${specifier} define no ${member}`;
  }
  return undefined;
}

/**
 * The source file of a package's entry, found through the `exports` of its package.json.
 * @param {string} specifier such as "@skep/ports/conformance"
 * @returns {string | undefined} relative to the root
 */
function entryOf(specifier) {
  const [, name = '', ...subpath] = specifier.split('/');
  const folder = ['shared', 'services', '.'].map((above) => join(above, name)).find((path) => existsSync(inRoot(path, 'package.json')));
  if (folder === undefined) {
    return undefined;
  }
  const { exports: entries } = JSON.parse(readFileSync(inRoot(folder, 'package.json'), 'utf8'));
  const built = entries?.[['.', ...subpath].join('/')]?.default;
  const source = typeof built === 'string' ? join(folder, built.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')) : undefined;
  return source !== undefined && existsSync(inRoot(source)) ? source : undefined;
}

/**
 * Every name that a source file exports, through other files of the package too.
 * @param {string} file relative to the root
 * @returns {Set<string>}
 */
export function exportsOf(file) {
  const source = readFileSync(inRoot(file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  /** @type {Set<string>} */
  const names = new Set();
  for (const [, list = ''] of source.matchAll(/\bexport\s+(?:type\s+)?\{([^}]*)\}/g)) {
    for (const part of list.split(',')) {
      const name = part.trim().split(/\s+/).at(-1);
      if (name) {
        names.add(name);
      }
    }
  }
  const declaration =
    /\bexport\s+(?:declare\s+|default\s+|async\s+|abstract\s+)*(?:const|let|class|interface|type|enum|namespace|function\*?)\s+(\w+)/g;
  for (const [, name = ''] of source.matchAll(declaration)) {
    names.add(name);
  }
  for (const [, alias, from = ''] of source.matchAll(/\bexport\s+(?:type\s+)?\*\s*(?:as\s+(\w+)\s*)?from\s*['"]([^'"]+)['"]/g)) {
    if (alias !== undefined) {
      names.add(alias);
    } else if (from.startsWith('.')) {
      exportsOf(join(dirname(file), from.replace(/\.js$/, '.ts'))).forEach((name) => {
        names.add(name);
      });
    }
  }
  return names;
}

/**
 * @param {string} folder relative to the root
 * @returns {string}
 */
function sourcesBelow(folder) {
  return readdirSync(inRoot(folder), { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? sourcesBelow(join(folder, entry.name)) : readFileSync(inRoot(folder, entry.name), 'utf8')))
    .join('\n');
}

/**
 * A command exists when its help opens with its full name; asked of the built program, as a user would.
 * @param {string} api such as "skep agent ls"; what comes in <> or [] or after -- is not part of the name
 */
async function commandProblem(api) {
  if (!existsSync(inRoot(CLI))) {
    return `${CLI} is not there`;
  }
  const words = api.split(/\s+/).slice(1);
  const end = words.findIndex((word) => /^[<[-]/.test(word));
  const command = end === -1 ? words : words.slice(0, end);
  const result = await runNode(inRoot(CLI), [...command, '--help'], { output: 'collect', limitMs: HELP_MS_MAX });
  const usage = `Usage: skep ${command.join(' ')}`;
  return result.code === 0 && new RegExp(`^${usage}(\\s|\\|)`, 'm').test(result.text)
    ? undefined
    : `\`skep ${command.join(' ')} --help\` does not open with "${usage}"`;
}
