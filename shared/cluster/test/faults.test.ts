/** Membership under arbitrary delays, losses, stalls, partitions and restarts; and what each of its rules is there for. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RULES, type Rules } from '../src/index.js';
import { type Fault, nodeOf, type Plan, Swarm } from './swarm.js';

const RUNS = 150;
const FAULTS_END_MS = 4_000;
/** What it takes at most, in ticks of 100 ms, until the survivors agree: patience, arbitration, come-backs of those killed wrongly. */
const AGREE_TICKS_MAX = 80;

/** A heartbeat that was due, its way, the patience, a tick, and the way of the last accusation. */
const DECIDED_TICKS_MAX = 7;
/** The same where too few are left to decide, and the registry is asked first. */
const ARBITRATED_TICKS_MAX = 16;

const atMs = fc.integer({ min: 600, max: 3_000 });
const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });

const stall = (node: fc.Arbitrary<number>): fc.Arbitrary<Fault> =>
  fc.record({ kind: fc.constant('stall'), node, atMs, forMs: fc.integer({ min: 10, max: 1_000 }) });
const kill = (node: fc.Arbitrary<number>): fc.Arbitrary<Fault> => fc.record({ kind: fc.constant('kill'), node, atMs });
const restart = (node: fc.Arbitrary<number>): fc.Arbitrary<Fault> => fc.record({ kind: fc.constant('restart'), node, atMs });
const cut = (nodes: fc.Arbitrary<number[]>): fc.Arbitrary<Fault> =>
  fc.record({ ...{ kind: fc.constant('cut'), nodes, atMs }, way: fc.constantFrom('in', 'out', 'both'), forMs: fc.integer({ min: 50, max: 1_000 }) });
const outage: fc.Arbitrary<Fault> = fc.record({
  ...{ kind: fc.constant('outage'), told: fc.boolean(), kept: fc.boolean(), atMs },
  forMs: fc.integer({ min: 1, max: 1_500 }),
});

type World = (rules: Rules) => void;
const check = (plans: fc.Arbitrary<Plan>, judge: (swarm: Swarm, plan: Plan) => void, numRuns = RUNS): World => {
  return (rules) =>
    fc.assert(
      fc.property(plans, (plan) => void judge(new Swarm({ ...plan, rules }).run(), plan)),
      { numRuns },
    );
};

/** Node 0 runs without a fault and its links to all others are whole; the others suffer whatever there is but an outage of the bus. */
const heardByAll = fc.integer({ min: 2, max: 6 }).chain((nodes) => {
  const other = fc.integer({ min: 1, max: nodes - 1 });
  const faults = fc.array(fc.oneof(stall(other), kill(other), restart(other)), { maxLength: 8 });
  return fc.record({
    nodes: fc.constant(nodes),
    seed,
    faults,
    untilMs: fc.constant(FAULTS_END_MS),
    loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
    lossUntilMs: fc.constant(FAULTS_END_MS),
  });
});

/** One node, or one less than half, is cut off; the others hear each other. */
const minority = fc.integer({ min: 3, max: 6 }).chain((nodes) => {
  const few = fc.subarray(
    Array.from({ length: nodes }, (_, node) => node),
    { minLength: 1, maxLength: Math.ceil(nodes / 2) - 1 },
  );
  const record = { ...{ nodes: fc.constant(nodes), seed, untilMs: fc.constant(FAULTS_END_MS), arbitrates: fc.constant(false) } };
  return few.chain((side) => fc.record({ ...record, faults: fc.tuple(cut(fc.constant(side))) }));
});

const stalledOnly = fc.integer({ min: 2, max: 5 }).chain((nodes) => {
  const stalled = stall(fc.constant(nodes - 1));
  return fc.record({
    nodes: fc.constant(nodes),
    seed,
    faults: fc.array(stalled, { minLength: 1, maxLength: 4 }),
    untilMs: fc.constant(FAULTS_END_MS),
  });
});

const outages = fc.record({
  ...{ nodes: fc.integer({ min: 2, max: 5 }), seed, untilMs: fc.constant(FAULTS_END_MS + 2_000) },
  faults: fc.array(outage, { minLength: 1, maxLength: 3 }),
});

const anything = fc.integer({ min: 2, max: 6 }).chain((nodes) => {
  const node = fc.integer({ min: 0, max: nodes - 1 });
  const side = fc.subarray(
    Array.from({ length: nodes }, (_, each) => each),
    { minLength: 1, maxLength: nodes - 1 },
  );
  const faults = fc.array(fc.oneof(stall(node), kill(node), restart(node), cut(side), outage), { maxLength: 8 });
  const record = { nodes: fc.constant(nodes), seed, faults, loss: fc.double({ min: 0, max: 0.3, noNaN: true }) };
  return fc.record({
    ...record,
    watches: fc.constant(true),
    lossUntilMs: fc.constant(FAULTS_END_MS),
    untilMs: fc.constant(FAULTS_END_MS + AGREE_TICKS_MAX * 100),
  });
});

const spares0 = check(heardByAll, ({ deaths }) => expect(deaths.filter(({ node }) => node === 0)).toEqual([]));
const sparesMajority = check(minority, ({ deaths }, { faults }) => {
  const few = (faults[0] as Extract<Fault, { kind: 'cut' }>).nodes;
  // A member that was wrongly killed comes back and supersedes itself; nobody else's verdict may come from the few.
  expect(deaths.filter(({ node, at, reason }) => reason !== 'superseded' && few.includes(at) && !few.includes(node))).toEqual([]);
});
const sparesAllButStalled = check(stalledOnly, ({ deaths }, { nodes }) => expect(deaths.filter(({ node }) => node !== nodes - 1)).toEqual([]));
const sparesAll = check(outages, ({ deaths }) => expect(deaths).toEqual([]));

/** Nothing but kills, of any number at once: from the last one on, patience, a tick and a heartbeat while the rest are a majority. */
const killed = fc.integer({ min: 2, max: 7 }).chain((nodes) => {
  const victims = fc.subarray(
    Array.from({ length: nodes }, (_, node) => node),
    { minLength: 1, maxLength: nodes - 1 },
  );
  const faults = victims.chain((all) => fc.tuple(...all.map((node) => kill(fc.constant(node)))));
  return fc.record({ nodes: fc.constant(nodes), seed, faults, untilMs: fc.constant(FAULTS_END_MS + 2_000) });
});
const buries = check(killed, (swarm, { nodes, faults }) => {
  const last = Math.max(...swarm.killedAtMs.values());
  const asked = swarm.deaths.some((each) => each.reason === 'arbitrated');
  if (nodes - faults.length >= RULES.quorum(nodes - 1)) expect(asked).toBe(false);
  for (const { at, node } of swarm.views().flatMap(({ node: at }) => [...swarm.killedAtMs.keys()].map((each) => ({ at, node: nodeOf(each) })))) {
    const death = swarm.deaths.find((each) => each.at === at && each.node === node);
    expect(death).toBeDefined();
    expect(((death?.atMs ?? 0) - last) / 100).toBeLessThan(asked ? ARBITRATED_TICKS_MAX : DECIDED_TICKS_MAX);
  }
});
/** Two halves bury each other, and one of the dead is killed when somebody who came back has just heard it: nobody else knows it any more. */
const split: fc.Arbitrary<Fault> = fc.record({
  ...{ kind: fc.constant('cut'), nodes: fc.constant([0, 1]), way: fc.constant('both') },
  ...{ atMs: fc.integer({ min: 600, max: 700 }), forMs: fc.integer({ min: 360, max: 420 }) },
});
const killedSoon: fc.Arbitrary<Fault> = fc.record({
  ...{ kind: fc.constant('kill'), node: fc.constant(0), atMs: fc.integer({ min: 1_060, max: 1_200 }) },
});
const heardLast = fc.record({
  ...{ nodes: fc.constant(4), seed, watches: fc.constant(true), untilMs: fc.constant(FAULTS_END_MS + AGREE_TICKS_MAX * 100) },
  faults: fc.tuple(split, killedSoon),
});

function judgeViews(swarm: Swarm): void {
  const views = swarm.views();
  const alive = views.map(({ incarnation }) => incarnation).sort();
  for (const { sees } of views) expect(sees).toEqual(alive);
}
const agrees = check(anything, judgeViews);
const forgets = check(heardLast, judgeViews);
const buriesForGood = check(anything, ({ revived }) => expect(revived).toEqual([]));

describe('O4: failure detection', () => {
  test('O4: a member that everybody can hear is never declared dead, whatever happens to the others', () => spares0(RULES));

  test('O4: a minority that is cut off kills nobody of the majority', () => sparesMajority(RULES));

  test('O4: an observer whose own thread stalled kills nobody', () => sparesAllButStalled(RULES));

  test('O4: when the bus is down for everybody nobody is declared dead, then or when it comes back', () => sparesAll(RULES));

  test('O4: a killed member is declared dead by every survivor within a bound of ticks, however many were killed at once', () => buries(RULES));

  test('O4: when messages flow again the survivors see exactly who lives, within a bound of ticks', () => agrees(RULES));

  test('O4: a dead node that one survivor alone still knows is let go of when the record lists it no more', () => forgets(RULES));

  test('O4: a dead incarnation never returns', () => buriesForGood(RULES));
});

describe('each mistake is found', () => {
  const mistakes: readonly (readonly [string, Partial<Rules>, World])[] = [
    // Own heartbeats that are not sent do not come back: they tell of a stall, too, so one of the two alone would do.
    ['a stalled witness counts', { beginsAnew: () => false }, sparesAllButStalled],
    ['a link that was down changes nothing', { beginsAnew: (outage) => outage !== 'link' }, sparesAll],
    ['a single observer suffices', { quorum: () => 1 }, sparesMajority],
    ['half of the others suffices', { quorum: (others) => Math.ceil(others / 2) }, sparesMajority],
    ['who is dead or superseded may return', { returns: () => true }, buriesForGood],
    ['all others must agree, also those who are dead', { quorum: (others) => others + 1 }, buries],
  ];

  test.each(mistakes)('O4: %s', (_, mistake, world) => expect(() => world({ ...RULES, ...mistake })).toThrow());
});
