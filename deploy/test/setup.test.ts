import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runChild } from '../setup/child.mjs';
import { compilerEnvironment, headersAbort, sqliteAborts } from '../setup/compiler.mjs';
import { Failure } from '../setup/failure.mjs';
import { withLock } from '../setup/lock.mjs';
import { nodeVersionProblem } from '../setup/node-version.mjs';
import { inRoot } from '../setup/places.mjs';
import { checkTools, TOOLS } from '../setup/tools.mjs';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-setup-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the check of the tools', () => {
  test('an old Node is named with its remedy, a new one passes', () => {
    expect(nodeVersionProblem('18.20.4')).toMatch(/20\.19 or newer; this is 18\.20\.4[\s\S]*brew install node/);
    expect(nodeVersionProblem('20.18.9')).toBeDefined();
    expect(nodeVersionProblem('20.19.0')).toBeUndefined();
    expect(nodeVersionProblem('24.0.0')).toBeUndefined();
  });

  test('every missing tool is named at once, with remedies for three systems and exit code 3', () => {
    const missing = { ...TOOLS.make, commands: ['no-such-make'] };
    const other = { ...TOOLS.git, commands: ['no-such-git'] };
    const failure = failureOf(() => checkTools([missing, other]));
    expect(failure.exitCode).toBe(3);
    for (const part of ['Missing: make', 'Missing: git', 'no-such-make', 'apt-get install', 'brew install git', 'winget install']) {
      expect(failure.message).toContain(part);
    }
  });

  test('a tool that is there passes', () => {
    expect(() => checkTools([{ ...TOOLS.git, commands: [process.execPath] }])).not.toThrow();
  });

  test('the engines of package.json and the check agree', () => {
    expect(JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).engines.node).toBe('>=20.19');
  });
});

describe('the headers of Node 24.19', () => {
  test('are mended where they have the fault, and nowhere else', () => {
    expect(['20.19.0', '22.22.0', '24.18.0', '26.4.0'].filter(headersAbort)).toEqual([]);
    expect(['24.19.0', '24.20.1'].filter(headersAbort)).toEqual(['24.19.0', '24.20.1']);
    const mended = (compilerEnvironment().CXXFLAGS ?? process.env.CXXFLAGS ?? '').includes('object-wrap.h');
    expect(mended).toBe(headersAbort(process.versions.node));
  });

  test('are not in the better-sqlite3 that runs here', () => {
    expect(sqliteAborts(process.versions.node)).toBe(false);
  });
});

describe('the lock of the set-up', () => {
  test('two at once take turns', async () => {
    const order: string[] = [];
    const turn = (name: string) =>
      withLock(folder, async () => {
        order.push(`${name} in`);
        await Promise.resolve();
        order.push(`${name} out`);
      });
    await Promise.all([turn('a'), turn('b')]);
    expect(order.map((each) => each.split(' ')[1])).toEqual(['in', 'out', 'in', 'out']);
  });

  test('a lock whose process is gone is taken over', async () => {
    const gone = await runChild(process.execPath, ['-p', 'process.pid'], { output: 'collect' });
    writeFileSync(join(folder, 'setup.lock'), gone.text.trim());
    await expect(withLock(folder, async () => 'in')).resolves.toBe('in');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the lock is given back when the work fails', async () => {
    await expect(withLock(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a child', () => {
  test('gives its exit code and what it wrote', async () => {
    const result = await runChild(process.execPath, ['-e', 'console.log("out"); console.error("err"); process.exit(7)'], { output: 'collect' });
    expect(result.code).toBe(7);
    expect(result.text).toContain('out');
    expect(result.text).toContain('err');
  });

  test('that takes too long is ended, with what it started', async () => {
    // The grandchild holds the pipes open: the result can come only when it is gone too.
    const program = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      setInterval(() => {}, 1000);`;
    const result = await runChild(process.execPath, ['-e', program], { output: 'collect', limitMs: 1_000 });
    expect(result.timedOut).toBe(true);
  });
});

function failureOf(work: () => void): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}
