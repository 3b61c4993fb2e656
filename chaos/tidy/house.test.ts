/** The shape of the repository: what lies where, how long files may be, what must never be written down. */
import { describe, expect, test } from 'vitest';
import { files, isSource, placesOf, read, rooms } from './repository.js';
import { ROOMS } from './rooms.js';

/** Rule 8 of the style: the files that projects regret have thousands of lines. */
const LINES_MAX = 400;

const TOP_FOLDERS = ['shared', 'services', 'chaos', 'deploy'];

const TOP_FILES = [
  ...['README.md', 'FEATURES.md', 'CHANGELOG.md', 'LICENSE', 'docker-compose.yml', 'package.json', 'package-lock.json', 'turbo.json'],
  // tsc and vitest look for theirs in the root; the second tsconfig checks tests and configuration.
  ...['tsconfig.json', 'tsconfig.base.json', 'tsconfig.test.json', 'vitest.config.ts', 'biome.json'],
];

/** Names under which unrelated things gather. */
const DRAWERS = /(^|\/)(utils?|helpers?|common|types|misc|shared|constants|stuff)\.(ts|tsx|mts|mjs|js)$/;

/** Hosts of package registries (a lock file that names one ties every user to it) and folders of somebody's machine. */
const PLACES_OF_ONE_MACHINE =
  /\/\/[\w.-]*(?:registry|artifactory|nexus|verdaccio|jfrog|goproxy|proxy\.golang)[\w.-]*[:/]|"resolved": "https?:|(?<![\w.-])\/(?:work|root)\/|(?<![\w.-])\/(?:home|Users)\/\w+\/|\/tmp\/\w+_/;

describe('the house', () => {
  test('the top level holds only the four folders and the files that belong there', () => {
    const top = new Set(files.map((file) => (file.includes('/') ? `${file.split('/')[0]}/` : file)));
    const strangers = [...top].filter((name) => !name.startsWith('.') && !TOP_FOLDERS.includes(name.replace('/', '')) && !TOP_FILES.includes(name));
    expect(strangers).toEqual([]);
  });

  test('every package lies in a room of the table, and every room carries its own name', () => {
    expect(rooms.filter((room) => ROOMS[room] === undefined)).toEqual([]);
    expect(rooms.filter((room) => JSON.parse(read(`${room}/package.json`)).name !== `@skep/${room.split('/').at(-1)}`)).toEqual([]);
  });

  test('every shared room opens with an example of its use', () => {
    const silent = rooms
      .filter((room) => room.startsWith('shared/'))
      .filter((room) => {
        const index = `${room}/src/index.ts`;
        const header = files.includes(index) ? /^\/\*\*[\s\S]*?\*\//.exec(read(index))?.[0] : undefined;
        // Code stands indented by three spaces.
        return header === undefined || !/\n \* {3}\S.*[(;]/.test(header);
      });
    expect(silent.map((room) => `${room}/src/index.ts must open with a comment that holds an example`)).toEqual([]);
  });

  test('no file is longer than 400 lines', () => {
    const long = files
      .filter((file) => isSource(file) || /\.(sh|css|html)$|^\.ci\//.test(file))
      .map((file) => ({ file, lines: read(file).trimEnd().split('\n').length }));
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toEqual([]);
  });

  test('no file is a drawer', () => {
    expect(files.filter((file) => DRAWERS.test(file))).toEqual([]);
  });

  test('no file names a package registry or a folder of one machine', () => {
    const readable = files.filter((file) => !/\.(png|jpg|ico|woff2?|wasm|bin|gz|zip|db|sqlite)$/.test(file));
    expect(readable.flatMap((file) => placesOf({ file, text: read(file), pattern: PLACES_OF_ONE_MACHINE }))).toEqual([]);
  });
});
