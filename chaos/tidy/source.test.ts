// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are source code for the scanner, not templates.
import { describe, expect, test } from 'vitest';
import { importsOf, packageOf, scan } from './source.js';

describe('the scanner behind the tidy rules', () => {
  test('blanks comments and the insides of strings, and keeps every line', () => {
    const source = ["const a = 'Date.now'; // Date.now", '/* Date.now', ' */ const b = `x ${Date.now()} y`;'].join('\n');
    const { code, bare } = scan(source);
    expect(bare.match(/Date\.now/g)).toHaveLength(1);
    expect(code.match(/Date\.now/g)).toHaveLength(2);
    expect(bare.split('\n')).toHaveLength(3);
    expect(bare.length).toBe(source.length);
  });

  test('is not led astray by quotes in regular expressions, nor by divisions', () => {
    expect(scan('const a = /[\'"`/]/; const b = Math.random();').bare).toContain('Math.random()');
    expect(scan("const half = total / 2; const c = 'x'; Math.random() / 2;").bare).toContain('Math.random()');
  });

  test('follows braces inside a template', () => {
    expect(scan('const a = `${ { b: `${c}` }.b } Date.now`; Math.random();').bare).not.toContain('Date.now');
    expect(scan('const a = `${ { b: `${c}` }.b } Date.now`; Math.random();').bare).toContain('Math.random()');
  });

  test('finds every way to name a module, and none in comments', () => {
    const source = [
      "// import { a } from 'comment';",
      "import { b, type C } from 'static';",
      "import type D from 'type';",
      "import 'effect';",
      'export {',
      '  e,',
      "} from './again.js';",
      "export * from 'star';",
      "const f = await import('dynamic');",
      "const g = 'import h from';",
    ].join('\n');
    expect(importsOf(source).sort()).toEqual(['./again.js', 'dynamic', 'effect', 'star', 'static', 'type']);
  });

  test('knows the package of a module', () => {
    expect(packageOf('@skep/ports/conformance')).toBe('@skep/ports');
    expect(packageOf('zod/v4')).toBe('zod');
    expect(packageOf('node:fs')).toBeUndefined();
    expect(packageOf('./near.js')).toBeUndefined();
  });
});
