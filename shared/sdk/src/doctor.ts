/** Looks a node over: what it promises, and whether what it stored can be read back. */
import { toSkepError } from '@skep/kernel';
import type { SkepNode } from '@skep/runtime';
import type { DoctorReport } from './client.js';

type Check = DoctorReport['checks'][number];

/** Snapshots that are read back; more are not, so that a large swarm can be examined while it works. */
const SNAPSHOTS_MAX = 1_000;

export async function examine(node: SkepNode, dir: string | null): Promise<DoctorReport> {
  const { level } = node.ports.log;
  const checks: Check[] = [
    {
      name: 'level',
      ok: true,
      detail: level === 'memory' ? 'memory: nothing survives the process' : `${level}: acknowledged turns are on this disk (fsync)`,
      remedy: null,
    },
    await check('lane', () => laneCheck(node)),
    await check('snapshots', () => snapshotCheck(node)),
    alarmCheck(node),
  ];
  if (dir !== null) checks.unshift({ name: 'folder', ok: true, detail: dir, remedy: null });
  return { ok: checks.every((each) => each.ok), checks };
}

async function laneCheck(node: SkepNode): Promise<Check> {
  const tail = await node.driver.tailOf(node.driver.id);
  if (tail.damage === undefined) return { name: 'lane', ok: true, detail: `${tail.upTo} batches, each hash as the next names it`, remedy: null };
  return {
    name: 'lane',
    ok: false,
    detail: `batch ${tail.damage.number}: ${tail.damage.message}`,
    remedy: 'Stop writing and restore the folder from a copy.',
  };
}

async function snapshotCheck(node: SkepNode): Promise<Check> {
  let read = 0;
  for await (const { agent, entry } of node.directory()) {
    if (entry.snapshot === null || read >= SNAPSHOTS_MAX) continue;
    const bytes = await node.ports.blob.get(entry.snapshot.blob);
    if (bytes === undefined)
      return { name: 'snapshots', ok: false, detail: `the snapshot of ${agent} is gone`, remedy: 'Restore the folder from a copy.' };
    read += 1;
  }
  return { name: 'snapshots', ok: true, detail: `${read} read back, each with the hash that the directory names`, remedy: null };
}

function alarmCheck(node: SkepNode): Check {
  const [first] = node.alarms;
  if (first === undefined) return { name: 'agents', ok: true, detail: 'none is refused for a damaged log', remedy: null };
  return {
    name: 'agents',
    ok: false,
    detail: `${node.alarms.size} refused; ${first[0]}: ${first[1].message}`,
    remedy: 'Restore the folder from a copy.',
  };
}

async function check(name: string, run: () => Promise<Check>): Promise<Check> {
  try {
    return await run();
  } catch (thrown) {
    const error = toSkepError(thrown);
    return { name, ok: false, detail: error.message, remedy: error.remedy };
  }
}
