/** Looks a node over: what it promises, and whether what it stored can be read back. */
import { decodeSegment, decodeSnapshot } from '@skep/actor';
import { type AgentId, type HashHex, parseAgentId, SkepError, toSkepError } from '@skep/kernel';
import type { SkepNode } from '@skep/runtime';
import type { DoctorReport } from './client.js';

type Check = DoctorReport['checks'][number];

/** What is read back; more is not, so that a large swarm can be examined while it works. */
const SNAPSHOTS_MAX = 1_000;
const SEGMENTS_MAX = 10_000;

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
    ...keysCheck(node),
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

/** Snapshots, and behind each the segments of its agent's history, newest first. */
async function snapshotCheck(node: SkepNode): Promise<Check> {
  let snapshots = 0;
  let segments = 0;
  let keyless = 0;
  for await (const { agent, entry } of node.directory()) {
    if (entry.snapshot === null || snapshots >= SNAPSHOTS_MAX) continue;
    if (node.addressKeys.isMissing(agent)) {
      keyless += 1;
      continue;
    }
    const options = node.addressKeys.optionsOf(parseAgentId(agent).tenant);
    const read = decodeSnapshot(await mustRead(node, agent, entry.snapshot.blob), agent, options);
    snapshots += 1;
    for (let address = read.segment; address !== null && segments < SEGMENTS_MAX; segments += 1) {
      address = decodeSegment(await mustRead(node, agent, address), agent).previous;
    }
  }
  const more = snapshots >= SNAPSHOTS_MAX || segments >= SEGMENTS_MAX ? '; there are more, which were not looked at' : '';
  const unread = keyless === 0 ? '' : `; ${keyless} were not looked at, as the address keys of their tenants are not here`;
  return {
    name: 'snapshots',
    ok: true,
    detail: `${snapshots} snapshots and ${segments} parts of histories read back, each with its hash${more}${unread}`,
    remedy: null,
  };
}

/** Nothing where no tenant has an address key. */
function keysCheck(node: SkepNode): readonly Check[] {
  const { known, missing } = node.addressKeys;
  if (known.length === 0) return [];
  const detail = known.map(({ tenant, fingerprint, isHere }) => `${tenant} ${fingerprint}${isHere ? '' : ', not here: its agents are refused'}`);
  const remedy = `Open it with ${missing.length === 1 ? 'the address key' : 'the address keys'} of ${missing.join(', ')}: addressKeys in skep.config.ts.`;
  return [{ name: 'address keys', ok: missing.length === 0, detail: detail.join('; '), remedy: missing.length === 0 ? null : remedy }];
}

/** @throws SkepError `corrupt` */
async function mustRead(node: SkepNode, agent: AgentId, address: HashHex): Promise<Uint8Array> {
  const bytes = await node.ports.blob.get(address);
  if (bytes !== undefined) return bytes;
  throw new SkepError('corrupt', { message: `the blob ${address} of ${agent} is gone`, id: agent, remedy: 'Restore the folder from a copy.' });
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
