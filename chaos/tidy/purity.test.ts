/** What may not be written: impure calls in the core, and ways around the compiler and the linter everywhere. */
import { describe, expect, test } from 'vitest';
import { files, isCore, isShipped, isSource, placesOf, read, roomOf, sources } from './repository.js';
import { EXCEPTIONS } from './rooms.js';
import { importsOf, scan } from './source.js';

/** Time, chance and timers, which core rooms take through the Clock and Random ports. */
const IMPURE: Readonly<Record<string, RegExp>> = {
  'Date.now': /\bDate\s*\.\s*now\b/,
  'new Date()': /\bnew\s+Date\s*\(\s*\)/,
  'Math.random': /\bMath\s*\.\s*random\b/,
  'performance.now': /\bperformance\s*\.\s*now\b/,
  setTimeout: /\bsetTimeout\s*\(/,
  setInterval: /\bsetInterval\s*\(/,
  setImmediate: /\bsetImmediate\s*\(/,
  crypto: /\bcrypto\s*\.\s*(?:randomUUID|getRandomValues)\b/,
  'process.': /(?<![\w.$])process\s*\.\s*\w+/,
};

const core = sources.filter((file) => isCore(roomOf(file)));

const excused = ({ file, name }: { file: string; name: string }): boolean =>
  EXCEPTIONS.some((each) => each.file.test(file) && each.allows.includes(name));

describe('the core is pure', () => {
  test('what a core room ships imports no node: module', () => {
    const impure = core.filter(isShipped).flatMap((file) =>
      importsOf(read(file))
        .filter((specifier) => specifier.startsWith('node:') && !excused({ file, name: specifier }))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(impure).toEqual([]);
  });

  test('core rooms and their tests take time, chance and timers through ports', () => {
    const impure = core.flatMap((file) => {
      const text = scan(read(file)).bare;
      return Object.entries(IMPURE)
        .filter(([name]) => !excused({ file, name }))
        .flatMap(([, pattern]) => placesOf({ file, text, pattern }));
    });
    expect(impure).toEqual([]);
  });
});

describe('nothing goes around the compiler or the linter', () => {
  const everywhere = files.filter(isSource);

  test('no any', () => {
    const pattern = /(?:[:<|&]|=>|\bas|\bextends|\bkeyof)\s*any\b(?!\s*[:(.])|,\s*any\b(?=\s*[>,[])/;
    expect(everywhere.filter((file) => /\.tsx?$/.test(file)).flatMap((file) => placesOf({ file, text: scan(read(file)).bare, pattern }))).toEqual([]);
  });

  test('no ts-ignore or ts-nocheck, and a reason behind every ts-expect-error and biome-ignore', () => {
    // Ten characters are the least that can be a reason.
    const pattern =
      /(?:\/\/|\/\*|^\s*\*)\s*(?:@ts-(?:ignore|nocheck)\b|@ts-expect-error\b(?!.{10})|biome-ignore(?:-\w+)?\s+[\w/]+(?!.*:\s*\S.{9})).*$/m;
    expect(everywhere.flatMap((file) => placesOf({ file, text: read(file), pattern }))).toEqual([]);
  });
});
