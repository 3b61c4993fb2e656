/**
 * What goes wrong in a world: rates (chances that are drawn again for every message or call) and incidents (things that happen once, at
 * a time). A plan is plain data: it is printed when a run fails, and a run can be repeated with a part of it.
 */
import { SeededRandom } from './seeded-random.js';

/** Chances are from 0 to 1. */
export interface FaultRates {
  /** Node to store: the request is lost; its caller learns `outcome-unknown` after a while. */
  readonly requestLostChance: number;
  /** The request arrives only after its caller gave up, perhaps after its caller died. */
  readonly requestLateChance: number;
  readonly requestLateMsMax: number;
  /** The request arrives twice. */
  readonly requestTwiceChance: number;
  /** It was done, and the answer is lost. */
  readonly answerLostChance: number;
  /** The store refuses with `unavailable` and does nothing. */
  readonly requestRefusedChance: number;
  /** Any message: takes up to `slowMsMax` longer, so that others overtake it. */
  readonly slowChance: number;
  readonly slowMsMax: number;
  /** Registry: `get` and `list` show what was up to `staleMsMax` ago. */
  readonly staleReadChance: number;
  readonly staleMsMax: number;
  /** Log: `read` misses the newest entries. (`last` never does.) */
  readonly staleLogReadChance: number;
  /** Log: a trim is acknowledged and done later. */
  readonly lateTrimChance: number;
  /** Bus. */
  readonly messageLostChance: number;
  readonly messageTwiceChance: number;
  /** Clocks run fast or slow by up to this part. */
  readonly clockDriftMax: number;
  readonly timerLateChance: number;
  readonly timerLateMsMax: number;
  /** Disks. */
  readonly fsyncSlowChance: number;
  readonly fsyncSlowMsMax: number;
  /** The sync fails: nobody knows what is on the disk, so the store dies and starts again. */
  readonly fsyncFailedChance: number;
}

/** Names are not known when a plan is drawn: `pick` chooses among those that exist when the time has come. */
export type Incident =
  | { readonly kind: 'partition'; readonly atMs: number; readonly forMs: number; readonly pick: number; readonly way: 'both' | 'one' }
  | { readonly kind: 'pause'; readonly atMs: number; readonly forMs: number; readonly pick: number }
  | { readonly kind: 'clock-jump'; readonly atMs: number; readonly pick: number; readonly byMs: number }
  | { readonly kind: 'store-crash'; readonly atMs: number; readonly forMs: number; readonly pick: number }
  | { readonly kind: 'disk-full'; readonly atMs: number; readonly forMs: number; readonly pick: number };

export interface FaultPlan {
  readonly rates: FaultRates;
  readonly incidents: readonly Incident[];
}

export const NO_FAULTS: FaultRates = {
  requestLostChance: 0,
  requestLateChance: 0,
  requestLateMsMax: 0,
  requestTwiceChance: 0,
  answerLostChance: 0,
  requestRefusedChance: 0,
  slowChance: 0,
  slowMsMax: 0,
  staleReadChance: 0,
  staleMsMax: 0,
  staleLogReadChance: 0,
  lateTrimChance: 0,
  messageLostChance: 0,
  messageTwiceChance: 0,
  clockDriftMax: 0,
  timerLateChance: 0,
  timerLateMsMax: 0,
  fsyncSlowChance: 0,
  fsyncSlowMsMax: 0,
  fsyncFailedChance: 0,
};

/** Upper ends of what is drawn. */
const WORST: FaultRates = {
  requestLostChance: 0.05,
  requestLateChance: 0.05,
  requestLateMsMax: 20_000,
  requestTwiceChance: 0.1,
  answerLostChance: 0.05,
  requestRefusedChance: 0.05,
  slowChance: 0.2,
  slowMsMax: 400,
  staleReadChance: 0.5,
  staleMsMax: 5000,
  staleLogReadChance: 0.2,
  lateTrimChance: 0.3,
  messageLostChance: 0.1,
  messageTwiceChance: 0.1,
  clockDriftMax: 0.05,
  timerLateChance: 0.1,
  timerLateMsMax: 500,
  fsyncSlowChance: 0.1,
  fsyncSlowMsMax: 1000,
  fsyncFailedChance: 0.002,
};

const INCIDENT_KINDS = ['partition', 'partition', 'pause', 'clock-jump', 'store-crash', 'disk-full'] as const;
const INCIDENTS_MAX = 12;

export const QUIET_PLAN: FaultPlan = { rates: NO_FAULTS, incidents: [] };

/** A plan with these rates and nothing else. */
export function planOf(rates: Partial<FaultRates>, incidents: readonly Incident[] = []): FaultPlan {
  return { rates: { ...NO_FAULTS, ...rates }, incidents };
}

/**
 * A plan by the seed. A third of the rates is zero each time: worlds in which everything goes wrong at once hide what two faults alone
 * would show.
 */
export function drawPlan(seed: string, { horizonMs = 60_000 }: { readonly horizonMs?: number } = {}): FaultPlan {
  const random = new SeededRandom(`${seed}/plan`);
  const rates = Object.fromEntries(
    Object.entries(WORST).map(([name, worst]) => {
      const drawn = random.below(1000) / 1000;
      const isChance = name.endsWith('Chance');
      if (!isChance) return [name, name.endsWith('Max') && worst < 1 ? worst * drawn : Math.ceil(worst * drawn)];
      return [name, random.below(3) === 0 ? 0 : worst * drawn];
    }),
  ) as unknown as FaultRates;
  const incidents = Array.from({ length: random.below(INCIDENTS_MAX + 1) }, () => drawIncident(random, horizonMs));
  return { rates, incidents: incidents.sort((one, two) => one.atMs - two.atMs) };
}

/** The plan for people: one line an item, what is off left out. */
export function formatPlan({ rates, incidents }: FaultPlan): string {
  const active = Object.entries(rates).filter(([name, value]) => value > 0 && (!name.endsWith('Max') || isUsed(name, rates)));
  const lines = active.map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(4)}`);
  for (const { kind, atMs, ...rest } of incidents) {
    const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
    lines.push(`at ${atMs} ms: ${kind}, ${details.join(', ')}`);
  }
  return lines.length === 0 ? 'no faults' : lines.join('\n');
}

function isUsed(name: string, rates: FaultRates): boolean {
  const chance = Object.entries(rates).find(
    ([other]) => other === name.replace(/MsMax$/, 'Chance') || other === name.replace(/MsMax$/, 'ReadChance'),
  );
  return chance === undefined || chance[1] > 0;
}

function drawIncident(random: SeededRandom, horizonMs: number): Incident {
  const kind = INCIDENT_KINDS[random.below(INCIDENT_KINDS.length)] ?? 'pause';
  const atMs = random.below(horizonMs);
  const pick = random.uint32();
  switch (kind) {
    case 'partition':
      return { kind, atMs, forMs: random.between(50, 10_000), pick, way: random.below(2) === 0 ? 'both' : 'one' };
    case 'pause':
      return { kind, atMs, forMs: random.between(50, 8000), pick };
    case 'clock-jump':
      return { kind, atMs, pick, byMs: random.between(-60_000, 60_000) };
    case 'store-crash':
      return { kind, atMs, forMs: random.between(20, 9000), pick };
    case 'disk-full':
      return { kind, atMs, forMs: random.between(100, 5000), pick };
  }
}
