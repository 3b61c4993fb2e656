/** Who imports whom: arrows point down, one importer for each engine, nothing undeclared. */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { files, isShipped, isSource, manifestOf, read, roomOf, rooms, sources } from './repository.js';
import { ROOMS, ROOMS_FOR_TESTS, SOLE_IMPORTERS } from './rooms.js';
import { importsOf, packageOf } from './source.js';

interface Import {
  readonly file: string;
  readonly room: string;
  readonly specifier: string;
  /** Undefined for relative and built-in modules. */
  readonly packageName: string | undefined;
}

const imports: readonly Import[] = sources.flatMap((file) => {
  const room = roomOf(file) ?? '';
  return importsOf(read(file)).map((specifier) => ({ file, room, specifier, packageName: packageOf(specifier) }));
});

const show = ({ file, specifier }: Import): string => `${file} imports ${specifier}`;

describe('arrows', () => {
  test('a room imports only rooms below it', () => {
    const upward = imports.filter(({ file, room, packageName }) => {
      const target = packageName?.startsWith('@skep/') ? packageName.slice('@skep/'.length) : undefined;
      if (target === undefined || target === room.split('/').at(-1)) {
        return false;
      }
      const allowed = [...(ROOMS[room]?.imports ?? []), ...(isShipped(file) ? [] : ROOMS_FOR_TESTS)];
      return !allowed.includes(target);
    });
    expect(upward.map(show)).toEqual([]);
  });

  test('no import climbs out of its room by a relative path', () => {
    const climbing = imports.filter(({ file, room, specifier }) => {
      // The tidy rules themselves read the repository through the set-up.
      return specifier.startsWith('.') && !file.startsWith('chaos/tidy/') && roomOf(posix.join(posix.dirname(file), specifier)) !== room;
    });
    expect(climbing.map(show)).toEqual([]);
  });

  test('the set-up imports nothing that must be installed first', () => {
    const early = files
      .filter((file) => /^deploy\/.*\.mjs$/.test(file) && isSource(file))
      .flatMap((file) => importsOf(read(file)).map((specifier) => ({ file, specifier })))
      .filter(({ specifier }) => !specifier.startsWith('node:') && !specifier.startsWith('.'));
    expect(early).toEqual([]);
  });

  test('an engine is imported by one room', () => {
    const strays = imports.filter(({ room, specifier }) => {
      const sole = Object.entries(SOLE_IMPORTERS).find(([name]) =>
        name.endsWith('/') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
      );
      // Its own tests of the engine's figures run in chaos/bench, against a peer's install, not through this import.
      return sole !== undefined && sole[1] !== room;
    });
    expect(strays.map(show)).toEqual([]);
  });

  test('every imported package is declared', () => {
    const root = manifestOf('');
    const undeclared = imports.filter(({ file, room, packageName }) => {
      if (packageName === undefined || isBuiltin(packageName)) {
        return false;
      }
      const { name, dependencies, devDependencies, optionalDependencies, peerDependencies } = manifestOf(room);
      const shipped = { ...dependencies, ...optionalDependencies, ...peerDependencies, [name]: '' };
      const forTests = { ...shipped, ...devDependencies, ...root.devDependencies };
      return !(packageName in (isShipped(file) && !/\/conformance\//.test(file) ? shipped : forTests));
    });
    expect(undeclared.map(show)).toEqual([]);
  });

  test('a built-in module is named with node: in front', () => {
    expect(imports.filter(({ specifier }) => !specifier.startsWith('node:') && isBuiltin(specifier)).map(show)).toEqual([]);
  });

  test('the table of rooms has no cycle', () => {
    const depth = (name: string, seen: readonly string[]): number => {
      expect(seen).not.toContain(name);
      const room = Object.entries(ROOMS).find(([path]) => path.split('/').at(-1) === name && path.startsWith('shared/'));
      return 1 + Math.max(0, ...(room?.[1].imports ?? []).map((each) => depth(each, [...seen, name])));
    };
    expect(rooms.length).toBeGreaterThan(0);
    for (const path of Object.keys(ROOMS).filter((each) => each.startsWith('shared/'))) {
      depth(path.split('/').at(-1) ?? '', []);
    }
  });
});
