/** `dev` holds the folder; everything else works through it, as from a second terminal. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { counterSource, writeProject } from '../programs/project.js';
import { Running, skep, temporaryFolder } from '../programs/skep.js';

/** In one step: whoever looks meanwhile never sees half a file. */
function put(folder: string, text: string): void {
  const whole = `${folder}.whole`;
  writeFileSync(whole, text);
  renameSync(whole, join(folder, 'counter.ts'));
}

const says = (kind: string) => (line: string) => line.startsWith('{') && JSON.parse(line).kind === kind;

test('U1 kinds in TypeScript modules are loaded, and loaded again when they change, with their state kept', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeProject(folder);
  const dev = new Running(folder, 'dev', '--json');
  onTestFinished(() => void dev.end('SIGKILL'));
  expect(JSON.parse(await dev.line(says('started')))).toMatchObject({ kinds: ['counter'] });
  const increment = () => skep({ folder }, 'agent', 'call', 'counter/a', 'increment', '2', '--json');
  expect((await increment()).json).toMatchObject({ value: 2, version: 1 });
  put(folder, counterSource('state.count += by * 10'));
  expect(JSON.parse(await dev.line(says('reloaded')))).toMatchObject({ changed: ['counter.ts'], kinds: ['counter'] });
  expect((await increment()).json).toMatchObject({ value: 22, version: 2 });
  put(folder, counterSource('state.count +='));
  const failed = JSON.parse(await dev.line(says('failed')));
  expect(failed).toMatchObject({ running: true, error: { code: 'not-configured', message: expect.stringContaining('counter.ts') } });
  expect((await increment()).json).toMatchObject({ value: 42, version: 3 });
  rmSync(join(folder, 'counter.ts'));
  put(folder, counterSource('state.count = 0'));
  expect(JSON.parse(await dev.line(says('reloaded')))).toMatchObject({ kinds: ['counter'] });
  expect((await increment()).json).toMatchObject({ value: 0, version: 4 });
  expect(await dev.end()).toMatchObject({ code: 0, json: { reloads: 2, failures: 1 } });
});

test('a folder has one holder: commands work through it, a second one is told who it is, reset is refused', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeProject(folder);
  const dev = new Running(folder, 'dev', '--json');
  onTestFinished(() => void dev.end('SIGKILL'));
  await dev.line(says('started'));
  const status = await skep({ folder }, 'status', '--json');
  expect(status.json).toMatchObject({ held: true, pid: expect.any(Number) });
  const held = { code: 1, json: { error: { code: 'folder-held', message: expect.stringContaining(`process ${status.json.pid}`) } } };
  expect(await skep({ folder }, 'dev', '--json')).toMatchObject(held);
  expect(await skep({ folder }, 'reset', '--yes', '--json')).toMatchObject(held);
  expect(existsSync(join(folder, '.skep'))).toBe(true);
  expect((await skep({ folder }, 'doctor', '--json')).json.ok).toBe(true);
  const calls = await Promise.all([1, 2, 3, 4].map(() => skep({ folder }, 'agent', 'call', 'counter/a', 'increment', '1', '--json')));
  expect(calls.map(({ json }) => json.version).sort()).toEqual([1, 2, 3, 4]);
  expect((await dev.end('SIGTERM')).code).toBe(0);
  expect((await skep({ folder }, 'agent', 'get', 'counter/a', '--json')).json).toMatchObject({ version: 4, value: { count: 4 } });
});

test('dev starts with code that cannot be loaded, and picks up its correction', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  expect(await skep({ folder }, 'dev', '--json')).toMatchObject({
    code: 1,
    json: { error: { code: 'not-configured', remedy: expect.stringContaining('init') } },
  });
  writeProject(folder);
  writeFileSync(join(folder, 'counter.ts'), 'export const Counter = {');
  const dev = new Running(folder, 'dev', '--json');
  onTestFinished(() => void dev.end('SIGKILL'));
  expect(JSON.parse(await dev.line(says('failed')))).toMatchObject({ running: false });
  put(folder, counterSource('state.count += by'));
  expect(JSON.parse(await dev.line(says('reloaded')))).toMatchObject({ kinds: ['counter'] });
  expect((await dev.end()).code).toBe(0);
});

test('watch tells turns as they happen, waits for a holder, and stays across a restart', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeProject(folder);
  const watch = new Running(folder, 'watch', '--json');
  onTestFinished(() => void watch.end('SIGKILL'));
  for (const by of ['3', '4']) {
    const dev = new Running(folder, 'dev', '--json');
    onTestFinished(() => void dev.end('SIGKILL'));
    await dev.line(says('started'));
    // The watcher looks for a holder again and again; until it found one its lines are not to be expected.
    for (let seen = false; !seen; ) {
      await skep({ folder }, 'agent', 'call', 'counter/a', 'increment', by);
      seen = await Promise.race([
        watch.line((line) => line.includes('"increment"')).then(() => true),
        new Promise<false>((give) => setTimeout(give, 500, false)),
      ]);
    }
    await dev.end();
  }
  const { code, json } = await watch.end();
  expect(code).toBe(0);
  expect(json.turns).toBeGreaterThanOrEqual(2);
  expect(json.agents).toBe(1);
});

test('watch ends after its seconds, also where nobody holds the folder', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const ended = await skep({ folder }, 'watch', '--seconds', '0.5', '--json');
  expect(ended).toMatchObject({ code: 0, json: { turns: 0, agents: 0 }, stderr: expect.stringContaining('Nobody holds') });
});
