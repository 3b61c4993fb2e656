/** The storage of the lanes runs out, and there is room again. */
import { type SkepError, toSkepError } from '@skep/kernel';
import { broken } from '../invariants/violation.js';
import { idOf } from '../simulator/swarm.js';
import { type Fault, pause, type Stage } from './fault.js';

/** What each stream of lanes still takes. */
const LEFT_BYTES = 24 * 1024;
const FULL_WITHIN_MS = 15_000;
const FULL_FOR_MS = 1_200;
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
      await ports.limitLogs((await stage.site.logBytes()) + LEFT_BYTES);
      const figures = await untilRefused(stage);
      await mustRead(stage);
      await pause(FULL_FOR_MS);
      await ports.limitLogs(-1);
      return figures;
    } finally {
      await ports.close();
    }
  },
};

async function untilRefused({ outside }: Stage): Promise<{ readonly fullAfterMs: number }> {
  const refused = () => outside.met.get('refused: disk-full') ?? 0;
  const before = refused();
  const startedMs = performance.now();
  while (refused() === before) {
    if (performance.now() - startedMs > FULL_WITHIN_MS) {
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
      const failed = await swarm
        .ask(name)
        .get(READ)
        .then(
          (): SkepError | undefined => undefined,
          (error: unknown) => toSkepError(error),
        );
      if (failed !== undefined)
        outside.broken.push(broken('I13', `with full streams a read through ${name} failed: ${failed.code}: ${failed.message}`));
    }),
  );
}
