/** Commands in a project whose configuration gives a tenant an address key. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { skep, temporaryFolder } from '../programs/skep.js';

const HEX = Array.from({ length: 32 }, (_, at) => (at * 7 + 16).toString(16)).join('');
const config = (addressKeys: string) =>
  `import { defineSkep } from '@skep/sdk';\nexport default defineSkep({ kinds: [], addressKeys: ${addressKeys} });\n`;

function keyedProject(folder: string): void {
  writeFileSync(join(folder, 'default.key'), `${HEX}\n`);
  writeFileSync(join(folder, 'skep.config.ts'), config(`{ default: 'default.key' }`));
}

test('V14: take the key from the configuration, like kinds; without it the tenant is refused and the doctor says why', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const plain = temporaryFolder(onTestFinished);
  keyedProject(folder);
  const update = ['agent', 'call', 'state/a', 'update', '{"changes":[{"set":"x","value":1}]}', '--json'];
  await skep({ folder }, ...update);
  await skep({ folder: plain }, ...update);
  const { json } = await skep({ folder }, 'agent', 'get', 'state/a', '--json');
  expect(json.value).toEqual({ x: 1 });
  expect(json.root).not.toBe((await skep({ folder: plain }, 'agent', 'get', 'state/a', '--json')).json.root);
  const well = await skep({ folder }, 'doctor', '--json');
  expect(well).toMatchObject({ code: 0, json: { ok: true } });
  expect(well.json.checks).toContainEqual({ name: 'address keys', ok: true, detail: expect.stringMatching(/^default [0-9a-f]{32}$/), remedy: null });

  writeFileSync(join(folder, 'skep.config.ts'), config('{}'));
  expect(await skep({ folder }, 'agent', 'get', 'state/a', '--json')).toMatchObject({ code: 1, json: { error: { code: 'not-configured' } } });
  const lacking = await skep({ folder }, 'doctor');
  expect(lacking.code).toBe(1);
  expect(lacking.stdout).toMatch(/FAIL {2}address keys +default [0-9a-f]{32}, not here[\s\S]*skep\.config\.ts/);

  writeFileSync(join(folder, 'skep.config.ts'), config('{ default: new Uint8Array(32) }'));
  const other = await skep({ folder }, 'agent', 'get', 'state/a', '--json');
  expect(other).toMatchObject({ code: 1, json: { error: { code: 'not-configured', id: 'default' } } });
  writeFileSync(join(folder, 'skep.config.ts'), config(`{ default: 'gone.key' }`));
  expect((await skep({ folder }, 'doctor')).stdout).toMatch(/FAIL {2}config .*tenant default cannot be read/);
  for (const { stdout, stderr } of [well, lacking, other]) expect(stdout + stderr).not.toContain(HEX.slice(0, 16));
});

test("V14: another project's folder gets none of this one's keys by being looked at or written to; the project's own does", async ({
  onTestFinished,
}) => {
  const folder = temporaryFolder(onTestFinished);
  const theirs = temporaryFolder(onTestFinished);
  keyedProject(folder);
  const update = (to: number) => ['agent', 'call', 'state/a', 'update', `{"changes":[{"set":"x","value":${to}}]}`, '--json'];
  await skep({ folder: theirs }, ...update(1));
  const dir = join(theirs, '.skep');
  for (const command of [['agent', 'get', 'state/a'], ['doctor'], update(2)]) {
    expect(await skep({ folder }, ...command, '--dir', dir, '--json')).toMatchObject({ code: 0 });
  }
  const { json } = await skep({ folder: theirs }, 'agent', 'get', 'state/a', '--json');
  expect(json).toMatchObject({ value: { x: 2 } });
  await skep({ folder }, ...update(2), '--dir', join(folder, '.skep'));
  expect((await skep({ folder }, 'agent', 'get', 'state/a', '--json')).json.root).not.toBe(json.root);
});

test('V14 O5: a replay that is killed in the middle loses nothing under an address key, and ends with the same roots', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  keyedProject(folder);
  const steps = Array.from({ length: 12 }, (_, at) => ({ action: `step ${at}`, observation: `saw ${at}`, response: '', thought: null, state: {} }));
  writeFileSync(join(folder, 'a.traj'), JSON.stringify({ environment: 'a', trajectory: steps }));
  const whole = await skep({ folder }, 'replay', 'a.traj', '--dir', 'one', '--bytes', '--json');
  expect(whole).toMatchObject({ code: 0, json: { acknowledgedLost: 0 } });
  const killed = await skep({ folder }, 'replay', 'a.traj', '--dir', 'two', '--kill-at', '50%', '--json');
  expect(killed).toMatchObject({ code: 0, json: { acknowledgedLost: 0, killedAtEvent: 6 } });
  expect(killed.json.agents).toEqual(whole.json.agents);
  expect((await skep({ folder }, 'agent', 'get', 'trajectory/a', '--dir', 'two', '--json')).json.root).toBe(whole.json.agents[0]?.root);
});
