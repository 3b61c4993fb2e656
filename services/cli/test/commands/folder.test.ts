/** The commands about a folder as a whole: status, doctor, reset. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { skep, temporaryFolder } from '../programs/skep.js';

test('looking leaves no trace where nothing was stored', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const status = await skep({ folder }, 'status', '--json');
  expect(status).toMatchObject({ code: 0, json: { held: false, agents: { known: 0 } } });
  expect(await skep({ folder }, 'agent', 'ls')).toMatchObject({ code: 0, stdout: 'No agents.\n', stderr: expect.stringContaining('nothing in') });
  expect(existsSync(join(folder, '.skep'))).toBe(false);
});

test('status counts what is there', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  await skep({ folder }, 'agent', 'create', 'state/a');
  const { json } = await skep({ folder }, 'status', '--json');
  expect(json).toMatchObject({ dir: join(folder, '.skep'), level: 'local', held: false, agents: { known: 1 }, alarms: [] });
  expect((await skep({ folder }, 'status')).stdout).toMatch(/held by +nobody/);
});

test('doctor looks at tools, configuration and data', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  await skep({ folder }, 'agent', 'create', 'state/a');
  const well = await skep({ folder }, 'doctor', '--json');
  expect(well).toMatchObject({ code: 0, json: { ok: true } });
  expect(well.json.checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['Node', 'compiler', 'folder', 'config', 'lane']));
  writeFileSync(join(folder, 'skep.config.ts'), 'export default { kinds: [1] };');
  const broken = await skep({ folder }, 'doctor');
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/FAIL {2}config .*has no default export with kinds/);
  expect(await skep({ folder }, 'agent', 'ls', '--json')).toMatchObject({ code: 1, json: { error: { code: 'not-configured' } } });
});

test('reset asks, removes all of the data, and nothing that is no data', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const dir = join(folder, '.skep');
  expect(await skep({ folder }, 'reset', '--yes', '--json')).toMatchObject({ code: 0, json: { removed: false } });
  await skep({ folder }, 'agent', 'create', 'state/a');
  expect(await skep({ folder }, 'reset', '--json')).toMatchObject({ code: 1, json: { error: { remedy: expect.stringContaining('--yes') } } });
  expect(existsSync(dir)).toBe(true);
  expect(await skep({ folder }, 'reset', '--yes', '--json')).toMatchObject({ code: 0, json: { dir, removed: true } });
  expect(existsSync(dir)).toBe(false);
  mkdirSync(join(folder, 'photos'));
  expect(await skep({ folder }, 'reset', '--yes', '--dir', 'photos', '--json')).toMatchObject({
    code: 1,
    json: { error: { code: 'invalid-input' } },
  });
  expect(existsSync(join(folder, 'photos'))).toBe(true);
});

test('the data lie beside the configuration, or where it says', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  mkdirSync(join(folder, 'src'));
  const config = (more: string) =>
    writeFileSync(join(folder, 'skep.config.ts'), `import { defineSkep } from '@skep/sdk';\nexport default defineSkep({ kinds: []${more} });\n`);
  config('');
  await skep({ folder: join(folder, 'src') }, 'agent', 'create', 'state/a');
  expect(existsSync(join(folder, '.skep', 'folder.json'))).toBe(true);
  config(", dir: 'elsewhere'");
  expect((await skep({ folder }, 'status', '--json')).json).toMatchObject({ dir: join(folder, 'elsewhere'), agents: { known: 0 } });
  await skep({ folder: join(folder, 'src') }, 'agent', 'create', 'state/b');
  expect(existsSync(join(folder, 'elsewhere', 'folder.json'))).toBe(true);
  expect((await skep({ folder }, 'agent', 'ls', '--dir', '.skep', '--json')).json.agents).toMatchObject([{ agent: 'default/state/a' }]);
});
