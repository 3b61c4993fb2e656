/** What the machine gives at best: the same bytes, without anything of a swarm. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Folder, memoryPorts, openFolder } from '@skep/embedded';
import { agentId, incarnationId, laneId, nodeId, universeId, type Value } from '@skep/kernel';
import type { Log } from '@skep/ports';
import { SkepNode } from '@skep/runtime';
import { AGENTS, Swarm, type Talk, type Worker, workerKind } from './swarm.js';

/** Appends to a file and flushes its data: no SQLite, no thread, no copy. */
export class RawFile {
  private readonly file: number;

  constructor(folder: string) {
    this.file = openSync(join(folder, 'raw'), 'a');
  }

  /** Writes and flushes once; how many milliseconds that took. */
  append(bytes: Uint8Array): number {
    const startMs = performance.now();
    writeSync(this.file, bytes);
    fdatasyncSync(this.file);
    return performance.now() - startMs;
  }

  /** Batches a second. */
  rate(bytes: Uint8Array, durationMs: number): number {
    const startMs = performance.now();
    let batches = 0;
    for (; performance.now() - startMs < durationMs; batches += 1) this.append(bytes);
    return (batches * 1000) / (performance.now() - startMs);
  }

  close(): void {
    closeSync(this.file);
  }
}

/** The log of a folder, one batch after the other, as a lane's writer sends them. */
export class BareLog {
  private sequence = 0;

  private constructor(private readonly folder: Folder) {}

  static async open(dir: string): Promise<BareLog> {
    return new BareLog(await openFolder({ dir }));
  }

  /** Batches a second. */
  async rate(bytes: Uint8Array, durationMs: number): Promise<number> {
    const { log } = this.folder.ports;
    const startMs = performance.now();
    let batches = 0;
    for (; performance.now() - startMs < durationMs; batches += 1) {
      const result = await log.append(LANE, bytes.slice(), this.sequence);
      if (result.kind !== 'appended') throw new Error(`the log refused batch ${this.sequence + 1}`);
      this.sequence = result.sequence;
    }
    const rate = (batches * 1000) / (performance.now() - startMs);
    await log.trim(LANE, this.sequence);
    return rate;
  }

  close(): Promise<void> {
    return this.folder.close();
  }
}

const LANE = laneId(universeId('bench'), 1, incarnationId(nodeId('limit'), 0, new Uint8Array(10)));

/** Bytes that a turn takes in a batch, learnt from a short run in memory whose log is listened to. */
export async function bytesPerTurn(drive: (swarm: Swarm) => Promise<unknown>): Promise<number> {
  let bytes = 0;
  const ports = memoryPorts();
  const append: Log['append'] = (lane, batch, expected) => {
    bytes += batch.length;
    return ports.log.append(lane, batch, expected);
  };
  const log: Log = {
    level: ports.log.level,
    exclusive: ports.log.exclusive,
    append,
    read: (lane, from, options) => ports.log.read(lane, from, options),
    last: (lane) => ports.log.last(lane),
    trim: (lane, below) => ports.log.trim(lane, below),
  };
  const talk: Talk = { live: false, turns: 0 };
  const kind = workerKind(talk);
  const node = await SkepNode.start({ ...ports, log }, { kinds: [kind] });
  const swarm = new Swarm(
    talk,
    Array.from({ length: AGENTS }, (_, index) => workerOf(node, String(index))),
  );
  try {
    await drive(swarm);
    bytes = 0;
    talk.turns = 0;
    await drive(swarm);
    return bytes / talk.turns;
  } finally {
    await node.close();
  }
}

function workerOf({ host }: SkepNode, name: string): Worker {
  const agent = agentId({ tenant: 'default', kind: 'worker', name });
  const call = async (method: string, input: Value) => (await host.call(agent, method, input)).value;
  return {
    step: async (by) => Number(await call('step', by)),
    pass: (hop) => call('pass', hop),
    look: async () => Number(await call('look', null)),
  };
}
