import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, difference, walk } from './walkthrough.js';

const page = (...blocks: readonly string[]) => ['# A page', '<!-- w:start -->', ...blocks, '<!-- w:end -->', '```bash', 'exit 9', '```'].join('\n');
const block = (language: string, ...lines: readonly string[]) => [`\`\`\`${language}`, ...lines, '```'].join('\n');

function walked(...blocks: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'skep-sdk-'));
  try {
    return walk(blocksOf(page(...blocks), 'w'), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a page whose instructions are done', () => {
  it('is right when each block prints what the page says, in one shell, with its files in place', () => {
    expect(
      walked(
        block('ts', '// file: src/a.ts', 'export {};'),
        block('json', '// file: b.json', '{"b":1}'),
        block('bash', 'word=honey', 'mkdir sub && cd sub'),
        block('bash', 'echo $word', 'cat ../b.json', 'head -1 ../src/a.ts', 'date +%s', 'echo noise >&2'),
        block('text', 'honey', '{"b":1}', '// file: src/a.ts', '…'),
      ),
    ).toEqual([]);
  });

  it('is told which block differs, and how', () => {
    const [first, second] = walked(
      block('bash', 'echo one', 'echo two'),
      block('text', 'one', 'three'),
      block('bash', 'echo out', 'echo bad >&2', 'false'),
    );
    expect(first).toMatchObject({ line: 3, why: 'line 2 differs:\n  the page    three\n  it says     two' });
    expect(second?.why).toBe('it ended with exit code 1:\nout\nbad\n');
  });

  it('says which blocks mean nothing', () => {
    expect(() => blocksOf('# nothing', 'w')).toThrow('no section');
    expect(() => blocksOf(page(block('ts', 'export {};')), 'w')).toThrow('line 3: a ts block begins with');
    expect(() => blocksOf(page(block('text', 'x')), 'w')).toThrow('line 3: a text block is neither');
    expect(() => blocksOf(page('```bash', 'echo'), 'w')).toThrow('does not end');
  });

  it('takes … for one thing or more within a line, and everything else as it is', () => {
    expect(difference('at … ms', 'at 12.5 ms\n')).toBeUndefined();
    expect(difference('a  …', 'a  2026-01-01 10:00')).toBeUndefined();
    expect(difference('at … ms', 'at  ms')).toBeDefined();
    expect(difference('a.c', 'abc')).toBeDefined();
    expect(difference('a', 'a\nb')).toContain('not on the page');
    expect(difference('a\nb', 'a')).toContain('ends before line 2');
  });
});

it('the README has its five minutes between the markers', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const kinds = blocksOf(readme, 'five-minutes').map((each) => each.kind);
  expect(kinds).toContain('bash');
  expect(kinds).toContain('file');
});
