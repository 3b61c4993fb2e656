/**
 * Instructions in a page of Markdown, taken apart, done, and compared with what the page prints.
 *
 * Between two markers stand blocks: `bash` (done in order, in one shell), `ts` and `json` that begin with `// file: NAME` (written to that
 * file), and `text` (the standard output of the bash block before it). In printed text `…` stands for what differs from run to run.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Block =
  | { readonly kind: 'bash'; readonly line: number; readonly script: string; readonly printed: string | undefined }
  | { readonly kind: 'file'; readonly line: number; readonly name: string; readonly content: string };

export interface Difference {
  /** Line of the block in the page. */
  readonly line: number;
  readonly script: string;
  readonly why: string;
}

interface Fence {
  readonly language: string;
  readonly line: number;
  readonly content: string;
}

/** @throws Error for a page without the markers, or with blocks that mean nothing */
export function blocksOf(page: string, name: string): readonly Block[] {
  const start = page.indexOf(`<!-- ${name}:start -->`);
  const end = page.indexOf(`<!-- ${name}:end -->`);
  if (start < 0 || end < start) throw new Error(`the page has no section between <!-- ${name}:start --> and <!-- ${name}:end -->`);
  const firstLine = page.slice(0, start).split('\n').length;
  const fences = fencesOf(page.slice(start, end), firstLine);
  const blocks: Block[] = [];
  for (const [at, { language, line, content }] of fences.entries()) {
    if (language === 'bash') {
      const next = fences[at + 1];
      blocks.push({ kind: 'bash', line, script: content, printed: next?.language === 'text' ? next.content : undefined });
    } else if (language === 'ts' || language === 'json') {
      const match = /^\/\/ file: (\S+)\n/.exec(content);
      if (match?.[1] === undefined) throw new Error(`line ${line}: a ${language} block begins with "// file: NAME"`);
      blocks.push({ kind: 'file', line, name: match[1], content: language === 'json' ? content.slice(match[0].length) : content });
    } else if (language !== 'text' || fences[at - 1]?.language !== 'bash') {
      throw new Error(`line ${line}: a ${language || 'nameless'} block is neither bash, ts, json nor text behind bash`);
    }
  }
  return blocks;
}

/** Does what the blocks say in a folder. @returns where what happened is not what the page says */
export function walk(blocks: readonly Block[], folder: string): readonly Difference[] {
  const outputs = mkdtempSync(join(tmpdir(), 'skep-walk-'));
  try {
    const parts = blocks.map((block, at) => {
      if (block.kind === 'bash')
        return `{\n${block.script}} >'${outputs}/${at}.out' 2>'${outputs}/${at}.err' </dev/null\necho $? >'${outputs}/${at}.code'\n`;
      writeFileSync(join(outputs, `${at}.file`), block.content);
      mkdirSync(dirname(join(folder, block.name)), { recursive: true });
      return `cp '${outputs}/${at}.file' '${block.name}'\n`;
    });
    const shell = spawnSync('bash', ['-c', parts.join('')], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 300_000,
      env: { ...process.env, NO_COLOR: '1' },
    });
    if (shell.error !== undefined) throw shell.error;
    const read = (at: number, what: string): string => readFileSync(join(outputs, `${at}.${what}`), 'utf8');
    return blocks.flatMap((block, at) => {
      if (block.kind !== 'bash') return [];
      const code = read(at, 'code').trim();
      const told = { line: block.line, script: block.script };
      if (code !== '0') return [{ ...told, why: `it ended with exit code ${code}:\n${read(at, 'out')}${read(at, 'err')}` }];
      const why = block.printed === undefined ? undefined : difference(block.printed, read(at, 'out'));
      return why === undefined ? [] : [{ ...told, why }];
    });
  } finally {
    rmSync(outputs, { recursive: true, force: true });
  }
}

/** Undefined when the output is what was printed; else the first line that is not, seen from both sides. */
export function difference(printed: string, output: string): string | undefined {
  const expected = linesOf(printed);
  const found = linesOf(output);
  for (let at = 0; at < Math.max(expected.length, found.length); at += 1) {
    const want = expected[at];
    const got = found[at];
    if (want === undefined) return `line ${at + 1} of the output is not on the page:\n  it says     ${got}`;
    if (got === undefined) return `the output ends before line ${at + 1} of the page:\n  the page    ${want}`;
    if (!patternOf(want).test(got)) return `line ${at + 1} differs:\n  the page    ${want}\n  it says     ${got}`;
  }
  return undefined;
}

function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+?')}$`);
}

function linesOf(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}

function fencesOf(section: string, firstLine: number): readonly Fence[] {
  const fences: Fence[] = [];
  let open: { readonly language: string; readonly line: number; lines: string[] } | undefined;
  for (const [at, line] of section.split('\n').entries()) {
    const fence = /^```(\w*)\s*$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { language: fence[1] ?? '', line: firstLine + at, lines: [] };
    else {
      fences.push({ language: open.language, line: open.line, content: `${open.lines.join('\n')}\n` });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`line ${open.line}: a block does not end`);
  return fences;
}
