/** The storage of the lanes runs out, and there is room again. */
import { isSkepError, SkepError, toSkepError } from '@skep/kernel';
import type { NatsPorts } from '@skep/nats';
import { broken } from '../invariants/violation.js';
import { idOf } from '../simulator/swarm.js';
import { type Fault, pause, type Stage } from './fault.js';
import { patiently } from './patient-store.js';

/** What each stream of lanes still takes. */
const LEFT_BYTES = 24 * 1024;
const FULL_WITHIN_MS = 15_000;
const FULL_FOR_MS = 1_200;
const TIGHTEN_EVERY_MS = 500;
const READ_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 20;
const READ = idOf('counter', 'a');

export const fullStream: Fault = {
  name: 'a full stream',
  ids: ['O4', 'G13'],
  needs: 'servers',
  strike: async (stage) => {
    const ports = stage.site.auditor();
    try {
      await ports.ready;
      const figures = await untilRefused(stage, (before) => limit(stage, ports, before));
      await mustRead(stage);
      await pause(FULL_FOR_MS);
      await patiently(() => ports.limitLogs(-1));
      return figures;
    } finally {
      await ports.close();
    }
  },
};

/** Leaves little room; returns the limit, which never grows. The streams may grow past it while it is worked out: then it is worked out again. */
function limit({ site }: Stage, ports: NatsPorts, before: number): Promise<number> {
  return patiently(async () => {
    const bytesMax = (await site.logBytes()) + LEFT_BYTES;
    if (bytesMax >= before) return before;
    await ports.limitLogs(bytesMax).catch((error: unknown) => {
      throw isSkepError(error, 'invalid-input') ? new SkepError('unavailable', { message: 'the streams grew meanwhile', cause: error }) : error;
    });
    return bytesMax;
  });
}

/** Nodes trim their lanes now and then, so the limit follows until it is met. */
async function untilRefused({ outside }: Stage, tighten: (before: number) => Promise<number>): Promise<{ readonly fullAfterMs: number }> {
  const refused = () => outside.met.get('refused: disk-full') ?? 0;
  const before = refused();
  const startedMs = performance.now();
  let tightenedMs = Number.NEGATIVE_INFINITY;
  let bytesMax = Number.POSITIVE_INFINITY;
  let tighteningMs = 0;
  while (refused() === before) {
    if (performance.now() - tightenedMs > TIGHTEN_EVERY_MS) {
      const fromMs = performance.now();
      bytesMax = await tighten(bytesMax);
      tightenedMs = performance.now();
      tighteningMs += tightenedMs - fromMs;
    }
    if (performance.now() - startedMs - tighteningMs > FULL_WITHIN_MS) {
      outside.broken.push(broken('I13', 'no write was refused for want of room, although the streams took no more'));
      break;
    }
    await pause(LOOK_EVERY_MS);
  }
  return { fullAfterMs: performance.now() - startedMs };
}

async function mustRead({ swarm, outside }: Stage): Promise<void> {
  await Promise.all(
    swarm.serving.map(async (name) => {
      for (const endMs = performance.now() + READ_WITHIN_MS; ; await pause(LOOK_EVERY_MS)) {
        const failed = await swarm
          .ask(name)
          .get(READ)
          .then(
            (): SkepError | undefined => undefined,
            (error: unknown) => toSkepError(error),
          );
        if (failed === undefined) return;
        if ((failed.code === 'unavailable' || failed.code === 'timeout') && performance.now() < endMs) continue;
        outside.broken.push(broken('I13', `with full streams a read through ${name} failed: ${failed.code}: ${failed.message}`));
        return;
      }
    }),
  );
}
