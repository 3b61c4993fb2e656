/**
 * The packages as a stranger gets them: packed, installed in an empty folder, and used as the README says. Installing compiles
 * better-sqlite3, which takes a minute or two.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, walk } from './walkthrough.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const INSTALL_MS_MAX = 10 * 60_000;
const SAY_EVERY_MS = 10_000;

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Runs a program to its end; says every ten seconds that it is still at it. */
function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const what = `${program} ${args[0]}`;
  const begunMs = performance.now();
  const saying = setInterval(() => process.stderr.write(`  ${what} … ${Math.round((performance.now() - begunMs) / 1000)} s\n`), SAY_EVERY_MS);
  return new Promise<string>((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    let out = '';
    let all = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
      all += chunk;
    });
    child.stderr.on('data', (chunk) => {
      all += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${what} ended with exit code ${code}:\n${all}`))));
  }).finally(() => clearInterval(saying));
}

describe('U1: the packages, installed', () => {
  const base = mkdtempSync(join(tmpdir(), 'skep-install-'));
  const folder = join(base, 'project');
  let packed: readonly Packed[] = [];

  beforeAll(async () => {
    mkdirSync(folder);
    const json: unknown = JSON.parse(await run(NPM, ['pack', '--workspaces', '--json', '--pack-destination', base], ROOT));
    // A list, or a map by name, depending on npm's version.
    packed = (Array.isArray(json) ? json : Object.values(json as object)) as readonly Packed[];
    const tarballs = packed
      .filter(({ name }) => name !== '@skep/chaos')
      .map(({ filename }) => join(base, filename.replace('@', '').replace('/', '-')));
    await run(NPM, ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], folder);
  }, INSTALL_MS_MAX);
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it('carry what was built, and nothing else', () => {
    expect(packed.length).toBeGreaterThanOrEqual(12);
    for (const { name, files } of packed) {
      const strangers = files.map(({ path }) => path).filter((path) => !/^(package\.json|README\.md|LICENSE|dist\/.+\.(js|d\.ts))$/.test(path));
      expect({ name, strangers }).toEqual({ name, strangers: [] });
    }
  });

  it('find each other, and every entry that they export is there', () => {
    for (const { name } of packed.filter((each) => each.name !== '@skep/chaos')) {
      const home = join(folder, 'node_modules', name);
      const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
      const entries: readonly { readonly types: string; readonly default: string }[] = Object.values(manifest.exports);
      const bins: readonly string[] = Object.values(manifest.bin ?? {});
      for (const path of [...entries.flatMap((entry) => [entry.types, entry.default]), ...bins]) {
        expect({ name, path, there: existsSync(join(home, path)) }).toEqual({ name, path, there: true });
      }
      expect(existsSync(join(home, 'node_modules', '@skep'))).toBe(false);
    }
  });

  it('work as the five minutes of the README say', () => {
    const blocks = blocksOf(readFileSync(join(ROOT, 'README.md'), 'utf8'), 'five-minutes');
    const differences = walk(blocks, folder);
    const text = differences.map(({ line, script, why }) => `README.md:${line}\n${script}${why}`).join('\n\n');
    expect(text).toBe('');
  }, 300_000);

  it('U15: bring their types and the test kit', async () => {
    const test = `
      import assert from 'node:assert/strict';
      import { defineAgent, SkepError } from '@skep/sdk';
      import { testSkep } from '@skep/sdk/testing';

      const Bell = defineAgent({ kind: 'bell', initial: { rung: 0 }, handlers: {
        ring(state, times: number, ctx) { state.rung += times; ctx.timer('again', { afterMs: 60_000 }, 'ring', 1); return state.rung; },
      } });
      const skep = await testSkep({ kinds: [Bell] });
      const bell = skep.agent(Bell, 'b');
      const rung: number = await bell.ring(2);
      assert.equal(rung, 2);
      skep.crash();
      await skep.reopen();
      await skep.advance(60_000);
      assert.equal((await bell.state()).value.rung, 3);
      await assert.rejects(bell.call('none'), SkepError);
      await skep.close();
    `;
    writeFileSync(join(folder, 'bell.test.ts'), test);
    const options = {
      target: 'es2022',
      module: 'nodenext',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ ...JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), type: 'module' }),
    );
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], folder);
    await run(process.execPath, ['--import', 'jiti/register', 'bell.test.ts'], folder);
  }, 120_000);

  it('leave nothing of theirs behind but the folder .skep', () => {
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual(['.skep']);
  });
});
