/** `skep superposition`: looking at experimental branches and keeping one, in this process and by the built program. */

import { join } from 'node:path';
import { openSkep, type Skep, StateKind, type SuperpositionInfo } from '@skep/sdk';
import { expect, test } from 'vitest';
import { skepHere } from '../programs/shell.js';
import { skep, temporaryFolder } from '../programs/skep.js';

/** Holds a folder with an agent `state/notes` that has a superposition `plan` of two branches. */
async function tried(folder: string): Promise<Skep> {
  const skepOf = await openSkep({ dir: join(folder, '.skep'), kinds: [] });
  const notes = skepOf.agent(StateKind, 'notes');
  await notes.call('update', { changes: [{ set: 'title', value: 'bees' }] });
  const plan = notes.superposition('plan');
  await plan.create({ careful: { state: { title: 'On bees' } }, bold: { state: { title: 'BEES!' }, weight: 3 } });
  await plan.evidence({ careful: 0.9, bold: 0.1 }, 'a reader liked it');
  return skepOf;
}

test('V3 V4 V5 superpositions are listed, shown, collapsed and undone', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  await using _holder = await tried(folder);
  const superposition = (...args: string[]) => skepHere(folder, 'superposition', ...args);
  const asJson = async (...args: string[]) => (await superposition(...args, '--json')).json as unknown as Record<string, unknown>;

  expect((await superposition('ls', 'state/notes')).stdout).toMatch(/plan +open +2 +0 +careful 75\.0 % +version 1/);
  expect(await asJson('ls', 'state/notes')).toMatchObject({ agent: 'default/state/notes', superpositions: [{ name: 'plan', status: 'open' }] });
  const shown = (await superposition('show', 'state/notes', 'plan')).stdout;
  expect(shown).toMatch(/^state\/notes plan, open, began at version 1$/m);
  expect(shown).toMatch(/careful +█{15}░{5} +75\.0 % +- +committed +1 +\d+ B/);
  expect(await asJson('show', 'state/notes', 'plan', '--branch', 'bold')).toMatchObject({ branch: 'bold', base: 1, value: { title: 'BEES!' } });
  expect(await asJson('show', 'state/notes', 'other')).toMatchObject({ error: { code: 'unknown-superposition' } });

  expect(await superposition('collapse', 'state/notes', 'plan')).toMatchObject({ code: 2 });
  expect(await superposition('collapse', 'state/notes', 'plan', '--by', 'weight', '--branch', 'bold')).toMatchObject({ code: 2 });
  expect(await asJson('collapse', 'state/notes', 'plan', '--by', 'score')).toMatchObject({ error: { code: 'branch-failed' } });
  expect(await asJson('collapse', 'state/notes', 'plan', '--by', 'weight')).toMatchObject({ branch: 'careful', version: 2, level: 'local' });
  expect((await superposition('ls', 'state/notes')).stdout).toMatch(/plan +collapsed +0 +0 +kept careful; can be undone until /);
  expect((await superposition('show', 'state/notes', 'plan')).stdout).toMatch(/kept careful \(75\.0 %\) as version 2/);
  expect((await superposition('undo', 'state/notes', 'plan')).stdout).toContain('state/notes is at version 3 now');
  expect(await asJson('undo', 'state/notes', 'plan')).toMatchObject({ error: { code: 'unknown-superposition' } });
  expect((await superposition('ls', 'state/notes')).stdout).toContain('state/notes has no superpositions.');
});

test('V4 a collapse over a state that moved on is refused without --merge', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  await using _holder = await tried(folder);
  const change = JSON.stringify({ changes: [{ set: 'read', value: true }] });
  await skepHere(folder, 'agent', 'call', 'state/notes', 'update', change);
  const collapse = (...args: string[]) => skep({ folder }, 'superposition', 'collapse', 'state/notes', 'plan', '--branch', 'bold', ...args, '--json');
  expect(await collapse()).toMatchObject({ code: 1, json: { error: { code: 'version-conflict' } } });
  expect(await collapse('--merge')).toMatchObject({ code: 0, json: { version: 3 } });
  expect((await skepHere(folder, 'agent', 'get', 'state/notes', '--json')).json.value).toEqual({ title: 'BEES!', read: true });
  const { superpositions } = (await skepHere(folder, 'superposition', 'ls', 'state/notes', '--json')).json as unknown as {
    superpositions: readonly SuperpositionInfo[];
  };
  expect(superpositions[0]?.collapse?.branch).toBe('bold');
});
