/** Everything that a run draws before it begins, as plain data: it is printed when a run fails. */
import { drawPlan, type FaultPlan, formatPlan, planOf, SeededRandom } from '@skep/simulated';

export interface Crash {
  readonly atMs: number;
  /** `power`: the stores lose what they had not synced, too. */
  readonly what: 'process' | 'power';
  readonly downMs: number;
}

/** What clients do, and what goes wrong meanwhile. */
export interface Circumstances {
  readonly faults: FaultPlan;
  /** Faults and crashes end here. */
  readonly horizonMs: number;
  readonly clients: number;
  readonly operationsPerClient: number;
  /** Longest pause of a client before an operation. */
  readonly thinkMsMax: number;
  readonly settleEveryMs: number;
  readonly passivateAfterMs: number;
  readonly stores: 'one' | 'three';
}

export interface RunPlan extends Circumstances {
  readonly crashes: readonly Crash[];
  readonly exclusive: boolean;
}

const HORIZON_MS_MIN = 4_000;
const HORIZON_MS_MAX = 16_000;
const LATE_CHANCE = 0.06;
const LATE_MS_MAX = 40;
const SLOW_CHANCE = 0.4;
const SLOW_MS_MAX = 300;

export function drawRunPlan(seed: string): RunPlan {
  const random = new SeededRandom(`${seed}/run`);
  const horizonMs = random.between(HORIZON_MS_MIN, HORIZON_MS_MAX);
  const crashes = Array.from(
    { length: random.below(5) },
    (): Crash => ({ atMs: random.below(horizonMs), what: random.below(2) === 0 ? 'power' : 'process', downMs: random.between(1, 400) }),
  );
  return {
    faults: drawFaults(seed, random, horizonMs),
    crashes: crashes.sort((one, other) => one.atMs - other.atMs),
    horizonMs,
    clients: random.between(3, 7),
    operationsPerClient: random.between(15, 60),
    thinkMsMax: random.between(20, 300),
    settleEveryMs: random.between(50, 2_000),
    passivateAfterMs: random.between(20, 3_000),
    stores: random.below(2) === 0 ? 'one' : 'three',
    exclusive: random.below(2) === 0,
  };
}

export function drawFaults(seed: string, random: SeededRandom, horizonMs: number): FaultPlan {
  const drawn = drawPlan(seed, { horizonMs });
  switch (random.below(8)) {
    case 0:
      // No faults but crashes: what fails there is easiest to understand.
      return planOf({});
    case 1:
    case 2:
      // Late requests that arrive just when their sender tries again, which a delay of many seconds hardly ever does.
      return { ...drawn, rates: { ...drawn.rates, requestLateChance: LATE_CHANCE, requestLateMsMax: random.between(2, LATE_MS_MAX) } };
    case 3:
      // A slow disk: much is under way when the power goes.
      return { ...drawn, rates: { ...drawn.rates, fsyncSlowChance: SLOW_CHANCE, fsyncSlowMsMax: random.between(20, SLOW_MS_MAX) } };
    default:
      return drawn;
  }
}

export function formatRunPlan({ faults, crashes, ...rest }: RunPlan): string {
  const crashLines = crashes.map(({ atMs, what, downMs }) => `at ${atMs} ms: ${what === 'power' ? 'power cut' : 'kill'}, down for ${downMs} ms`);
  return formatSettings(rest, [...crashLines, formatPlan(faults)]);
}

export function formatSettings(settings: object, lines: readonly string[]): string {
  return [
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    ...lines,
  ].join('\n');
}
