/** What `skep replay --bytes` counts, by the built program. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DATA, skep, temporaryFolder } from '../programs/skep.js';

interface Counted {
  readonly id: string;
  readonly checkpoints: number;
  readonly packs: number;
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly fullCopyBytes: number;
  readonly ratio: number;
}

interface Report {
  readonly agents: readonly Counted[];
  readonly total: Counted;
  readonly peersSkipped: string;
}

function trajectory(steps: number): string {
  const words = (at: number) => Array.from({ length: 60 }, (_, word) => `w${(at * 31 + word * 17) % 997}`).join(' ');
  const step = (at: number) => ({ action: `step ${at}`, observation: words(at), response: '', thought: null, state: { open_file: `f${at}` } });
  return JSON.stringify({ environment: 'e', trajectory: Array.from({ length: steps }, (_, at) => step(at)) });
}

test('V12: what one checkpoint an event takes is counted for each agent, and in all', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, 'a.traj'), trajectory(40));
  writeFileSync(join(folder, 'b.traj'), trajectory(3));
  const { code, json } = await skep({ folder }, 'replay', 'a.traj', 'b.traj', '--bytes', '--peers', 'nowhere', '--json');
  expect(code).toBe(0);
  const { agents, total, peersSkipped } = (json as unknown as { checkpointBytes: Report }).checkpointBytes;
  expect(agents.map(({ id, checkpoints }) => [id, checkpoints])).toEqual([
    ['default/trajectory/a', 40],
    ['default/trajectory/b', 3],
  ]);
  const [long] = agents as [Counted];
  expect(long.ratio).toBeGreaterThan(5);
  expect(long.packs).toBeLessThan(4);
  expect(long.compressedBytes).toBeLessThan(long.bytes / 2);
  expect(total.bytes).toBe(agents.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(peersSkipped).toContain('nowhere');
  const table = await skep({ folder }, 'replay', 'b.traj', '--bytes', '--peers', 'nowhere');
  expect(table.stdout).toMatch(/checkpoints of\s+number\s+bytes\s+compressed\s+full copies\s+ratio/);
  expect(table.stdout).toContain('Not beside LangGraph.js: ');
});

test('V12: other savers are only asked for with --bytes', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, 'b.traj'), trajectory(3));
  expect(await skep({ folder }, 'replay', 'b.traj', '--peers', 'nowhere', '--json')).toMatchObject({ code: 2, json: { error: { id: '--peers' } } });
});

const real = join(DATA, 'trajectories');

test.skipIf(!existsSync(real))(`V12: the checkpoints of real work take a quarter of full copies (needs ${real})`, async ({ onTestFinished }) => {
  const files = readdirSync(real).map((name) => join(real, name));
  const { json } = await skep({ folder: temporaryFolder(onTestFinished) }, 'replay', ...files, '--bytes', '--peers', 'nowhere', '--json');
  const { agents, total } = (json as unknown as { checkpointBytes: Report }).checkpointBytes;
  expect(agents).toHaveLength(files.length);
  expect(total.ratio).toBeGreaterThan(4);
});
