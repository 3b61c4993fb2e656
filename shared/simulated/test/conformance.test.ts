import { blobConformance, busConformance, clockConformance, logConformance, randomConformance, registryConformance } from '@skep/ports/conformance';
import { ENTRY_BYTES_MAX, type FaultPlan, planOf, SeededRandom } from '../src/index.js';
import { pumpedWorld } from './pumped.js';

/** Worlds in which the promises hold as they stand: nothing wrong, and things late, twice, stale and out of order. */
const WORLDS: readonly (readonly [string, FaultPlan])[] = [
  ['a quiet world', planOf({})],
  [
    'a world where all is late, twice, stale and out of order',
    planOf({
      requestTwiceChance: 0.3,
      slowChance: 0.3,
      slowMsMax: 50,
      staleReadChance: 0.3,
      staleMsMax: 200,
      lateTrimChance: 0.5,
      clockDriftMax: 0.05,
      timerLateChance: 0.2,
      timerLateMsMax: 5,
      fsyncSlowChance: 0.2,
      fsyncSlowMsMax: 20,
    }),
  ],
];

for (const [name, faults] of WORLDS) {
  logConformance(`the log of ${name}`, async () => {
    const { one, two, close } = pumpedWorld({ seed: 1, faults });
    return { log: one.ports.log, other: two.ports.log, entryBytesMax: ENTRY_BYTES_MAX, close };
  });
  registryConformance(`the registry of ${name}`, async () => {
    const { one, two, close } = pumpedWorld({ seed: 2, faults });
    return { registry: one.ports.registry, other: two.ports.registry, close };
  });
  blobConformance(`the blob store of ${name}`, async () => {
    const { one, two, store, close } = pumpedWorld({ seed: 3, faults });
    return { blob: one.ports.blob, other: two.ports.blob, damage: async (hash) => store.rotBlob(hash), close };
  });
  busConformance(`the bus of ${name}`, async () => {
    const { one, two, close } = pumpedWorld({ seed: 4, faults });
    const wait = (delayMs: number) => new Promise<void>((resolve) => void one.ports.clock.setTimer(delayMs, resolve));
    return { bus: one.ports.bus, other: two.ports.bus, wait, close };
  });
}

clockConformance('the clock of a quiet world', async () => {
  const { one, close } = pumpedWorld({ seed: 5 });
  return { clock: one.ports.clock, close };
});
clockConformance('a clock that drifts', async () => {
  const { one, close } = pumpedWorld({ seed: 6, faults: planOf({ clockDriftMax: 0.05 }) });
  return { clock: one.ports.clock, close };
});
randomConformance('the chance of a world', () => new SeededRandom('7/conformance'));
