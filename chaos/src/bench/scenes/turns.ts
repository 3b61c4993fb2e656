/** `turn.memory` and `turn.local`: turns a second of 850 agents, and what the disk and the log alone would carry. */
import { BareLog, bytesPerTurn, RawFile } from '../limit.js';
import { compared, type Row, rowOf } from '../row.js';
import type { Run, Scene } from '../scene.js';
import { AGENTS, OpenSwarm } from '../swarm.js';

const SAMPLE_MS = 200;

export const turnMemory: Scene = {
  id: 'turn.memory',
  async run({ plan, conditions }: Run) {
    const swarm = await OpenSwarm.open({ memory: true });
    try {
      const talking: number[] = [];
      const calls: number[] = [];
      await swarm.talking(plan.roundMs);
      for (let round = 0; round < plan.rounds; round += 1) {
        talking.push(await swarm.talking(plan.roundMs));
        calls.push(await swarm.calls(plan.roundMs));
      }
      const about = `level memory; ${AGENTS} agents of 2.4 KB; ${roundsOf(plan)}; ${conditions}`;
      return [
        rowOf({ id: 'turn.memory', unit: 'turns/s', samples: talking, note: `agents talking to each other; ${about}` }),
        rowOf({ id: 'turn.memory.calls', unit: 'turns/s', samples: calls, note: `one awaiting caller an agent, in process; ${about}` }),
      ];
    } finally {
      await swarm.close();
    }
  },
};

interface Local {
  readonly talking: number[];
  readonly calls: number[];
  /** Turns a second, if each batch held what the talking agents' batches hold. */
  readonly raw: number[];
  readonly log: number[];
  turns: number;
  batches: number;
}

export const turnLocal: Scene = {
  id: 'turn.local',
  async run({ plan, conditions, folder }: Run) {
    const turnBytes = await bytesPerTurn((swarm) => swarm.talking(SAMPLE_MS));
    const swarm = await OpenSwarm.open({ dir: folder() });
    const raw = new RawFile(folder());
    const log = await BareLog.open(folder());
    const local: Local = { talking: [], calls: [], raw: [], log: [], turns: 0, batches: 0 };
    try {
      await swarm.talking(plan.roundMs);
      // All in turn, so that whatever else the machine does meets them alike.
      for (let round = 0; round < plan.rounds; round += 1) {
        const before = await swarm.batches();
        local.talking.push(await swarm.talking(plan.roundMs));
        const { turns } = swarm.talk;
        const batches = (await swarm.batches()) - before;
        local.turns += turns;
        local.batches += batches;
        local.calls.push(await swarm.calls(plan.roundMs));
        if (!plan.limits) continue;
        const perBatch = turns / batches;
        const bytes = new Uint8Array(Math.round(perBatch * turnBytes)).fill(0x5a);
        local.raw.push(raw.rate(bytes, plan.roundMs / 2) * perBatch);
        local.log.push((await log.rate(bytes, plan.roundMs / 2)) * perBatch);
      }
      return rowsOf(local, { turnBytes, about: `${roundsOf(plan)}; ${conditions}` });
    } finally {
      raw.close();
      await log.close();
      await swarm.close();
    }
  },
};

function rowsOf(local: Local, { turnBytes, about }: { readonly turnBytes: number; readonly about: string }): readonly Row[] {
  const perBatch = Math.round(local.turns / local.batches);
  const batch = `batches of ${perBatch} turns, ${Math.round(turnBytes)} bytes a turn`;
  const raw = rowOf({ id: 'turn.local.limit.raw', unit: 'turns/s', samples: local.raw, note: `write + fdatasync of ${batch}; ${about}` });
  const log = rowOf({ id: 'turn.local.limit.log', unit: 'turns/s', samples: local.log, note: `the log alone, ${batch}, one in flight; ${about}` });
  const swarm = `level local (fsync); ${AGENTS} agents of 2.4 KB`;
  const turn = rowOf({ id: 'turn.local', unit: 'turns/s', samples: local.talking, note: '' });
  const share = (limit: Row) => `${((100 * turn.p50) / limit.p50).toFixed(1)} %`;
  const limits = raw.n === 0 ? '' : `${share(raw)} of raw append + fdatasync, ${share(log)} of the log alone; `;
  const note = `agents talking to each other; ${swarm}; ${batch}; ${limits}${about}`;
  return [
    { ...turn, note },
    rowOf({ id: 'turn.local.calls', unit: 'turns/s', samples: local.calls, note: `one awaiting caller an agent, in process; ${swarm}; ${about}` }),
    ...(raw.n === 0 ? [] : [compared(raw, turn), compared(log, turn)]),
  ];
}

function roundsOf({ rounds, roundMs }: Run['plan']): string {
  return `${rounds} rounds of ${(roundMs / 1000).toFixed(1)} s`;
}
