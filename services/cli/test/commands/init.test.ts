import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { skep, temporaryFolder } from '../programs/skep.js';

const INSTALLED = fileURLToPath(new URL('../../../../node_modules/', import.meta.url));

test('init makes a project whose test passes and whose agents work at once', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const made = await skep({ folder }, 'init', 'My Swarm', '--json');
  const project = join(folder, 'My Swarm');
  expect(made).toMatchObject({ code: 0, json: { folder: project, files: expect.arrayContaining(['package.json', 'skep.config.ts', 'README.md']) } });
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  expect(manifest.name).toBe('my-swarm');
  // What `npm install` would bring.
  mkdirSync(join(project, 'node_modules'));
  for (const name of ['@skep', 'jiti']) symlinkSync(join(INSTALLED, name), join(project, 'node_modules', name), 'dir');
  const [command, ...args] = manifest.scripts.test.split(' ');
  const { stdout } = await promisify(execFile)(command === 'node' ? process.execPath : command, args, { cwd: project });
  expect(stdout).toMatch(/pass 1\b/);
  const learned = await skep({ folder: project }, 'agent', 'call', 'researcher/ada', 'learn', '{"topic":"bees","fact":"They dance."}', '--json');
  expect(learned).toMatchObject({ code: 0, json: { value: 1, version: 1 } });
  expect((await skep({ folder: project }, 'agent', 'call', 'researcher/ada', 'recall', '"bees"', '--json')).json.value).toEqual(['They dance.']);
});

test('init overwrites nothing', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, 'README.md'), 'mine');
  const refused = await skep({ folder }, 'init', '--json');
  expect(refused).toMatchObject({ code: 1, json: { error: { code: 'invalid-input', message: expect.stringContaining('README.md') } } });
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('mine');
  expect(await skep({ folder }, 'init', 'README.md', '--json')).toMatchObject({
    code: 1,
    json: { error: { message: expect.stringContaining('no folder') } },
  });
});
