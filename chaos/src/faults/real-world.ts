/** Time and chance of clients that run on a real clock. */
import { SeededRandom } from '@skep/simulated';
import type { ClientWorld } from '../simulator/recording-client.js';

export function realWorld(seed: string): ClientWorld {
  const startedMs = performance.now();
  return {
    get now() {
      return performance.now() - startedMs;
    },
    wallMs: () => Date.now(),
    at: (atMs, act) => void setTimeout(act, Math.max(0, atMs - (performance.now() - startedMs))),
    random: (purpose) => new SeededRandom(`${seed}/${purpose}`),
    record: () => undefined,
  };
}
