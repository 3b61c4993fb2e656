/**
 * The real lane code, walked through every order of events of small worlds: G1, G3, L1-L8, L10, L11. `npm run explore` walks further.
 * Each planted mistake must be noticed, or the walks would prove nothing.
 */
import { appendFileSync } from 'node:fs';
import { env } from 'node:process';
import { MISTAKES, PROVEN, replay, search, wander } from '@skep/chaos';
import { RULES } from '@skep/lane';
import { afterAll, describe, expect, test } from 'vitest';
import { NOTHING } from '../../src/explorer/budget.js';
import { newTally, type Tally } from '../../src/explorer/observer.js';
import { counterexampleText, type MistakeRow, mistakeRow, mistakesTable, type WorldRow, worldRow, worldsTable } from '../../src/explorer/report.js';

const STATES_MIN = 200_000;
/** Of one world; those that have fewer are walked to their end. */
const STATES_MAX = 26_000;
const RANDOM_WALKS = 500;
const SEED = 20_261_121;
const MISTAKE_STATES_MAX = 50_000;

function report(line: { readonly what: string; readonly count: number } | { readonly table: string }): void {
  if (env.SKEP_TEST_REPORT !== undefined) appendFileSync(env.SKEP_TEST_REPORT, `${JSON.stringify(line)}\n`);
}

describe('the real rules stand every order of events', () => {
  const rows: WorldRow[] = [];
  const total: Tally = newTally();

  for (const world of PROVEN) {
    test(`G1, G3: in the world "${world.name}" nothing acknowledged is lost, doubled or stale`, () => {
      const started = performance.now();
      const result = search({ budget: world.budget, rules: RULES, statesMax: STATES_MAX });
      rows.push(worldRow(world, result, performance.now() - started));
      for (const name in total) total[name as keyof Tally] += result.tally[name as keyof Tally];
      if (result.kind === 'violation') throw new Error(`\n${counterexampleText({ ...world, world: world.name, rules: RULES, path: result.path })}`);
      expect(result.complete === 'yes' || result.states === STATES_MAX).toBe(true);
    });
  }

  test(`random walks to the end of every world see nothing either (seed ${SEED})`, () => {
    let steps = 0;
    for (const { name, budget } of PROVEN) {
      const result = wander({ budget, rules: RULES, walks: RANDOM_WALKS, seed: SEED });
      steps += result.steps;
      for (const counted in total) total[counted as keyof Tally] += result.tally[counted as keyof Tally];
      if (result.kind === 'violation') throw new Error(`\n${counterexampleText({ world: name, budget, rules: RULES, path: result.path })}`);
    }
    report({ what: "steps of random walks through the explorer's worlds", count: steps });
    expect(steps).toBeGreaterThan(PROVEN.length * RANDOM_WALKS * 10);
  });

  test('at least 200,000 states are walked', () => {
    const states = rows.reduce((sum, row) => sum + row.states, 0);
    report({ what: 'states explored', count: states });
    report({ table: `Worlds of the explorer\n${worldsTable(rows)}` });
    expect(states).toBeGreaterThanOrEqual(STATES_MIN);
  });

  test('every promise was put to the test, many times', () => {
    expect(total.acknowledgedWrites).toBeGreaterThan(5_000);
    expect(total.acknowledgedReads).toBeGreaterThan(2_000);
    expect(total.readsOfSomething).toBeGreaterThan(1_000);
    expect(total.recoveriesOfSomething).toBeGreaterThan(1_000);
    expect(total.recoveriesFromSnapshots).toBeGreaterThan(500);
    expect(total.historiesCompared).toBeGreaterThan(100_000);
    expect(total.abortedWrites).toBeGreaterThan(500);
    expect(total.deaths).toBeGreaterThan(1_000);
    expect(total.trims).toBeGreaterThan(1_000);
  });
});

describe('every planted mistake is noticed', () => {
  const rows: MistakeRow[] = [];

  for (const mistake of MISTAKES) {
    test(`${mistake.rule}: ${mistake.name}`, () => {
      const { budget } = mistake;
      const result = search({ ...mistake, statesMax: MISTAKE_STATES_MAX });
      rows.push(mistakeRow(mistake, result));
      if (result.kind !== 'violation') throw new Error(`not noticed in ${result.states} states`);
      expect(replay({ ...mistake, path: result.path })).toMatchObject({ seen: result.message });
      // The real rules stand the very same world for as many states.
      expect(search({ budget, rules: RULES, statesMax: result.states * 2 }).kind).toBe('clean');
    });
  }

  test('each is another mistake in another or the same rule', () => {
    expect(new Set(MISTAKES.map(({ name }) => name)).size).toBe(MISTAKES.length);
  });

  afterAll(() => report({ table: `Planted mistakes, and the states that were walked until each was noticed\n${mistakesTable(rows)}` }));
});

describe('what a counterexample says', () => {
  const mistake = MISTAKES.find(({ name }) => name === 'claiming from a lane that is not sealed');

  test('its steps in words, what was seen, and the command that walks them again', () => {
    if (mistake === undefined) throw new Error('the mistake has another name');
    const { budget, rules, name } = mistake;
    const result = search({ budget, rules, statesMax: MISTAKE_STATES_MAX });
    if (result.kind !== 'violation') throw new Error('it was not noticed');
    const text = counterexampleText({ world: name, budget, rules, path: result.path });
    expect(text.split('\n')).toHaveLength(result.path.length + 2);
    expect(text).toMatch(/^ {4}1 {2}n0 claims\n/);
    expect(text).toContain(`seen: ${result.message}`);
    expect(text).toContain(`npm run explore -- --mistake "${name}" --steps ${result.path.join(',')}`);
  });

  test('it is the shortest there is: no walk with fewer steps sees anything', () => {
    if (mistake === undefined) throw new Error('the mistake has another name');
    const { budget, rules } = mistake;
    const result = search({ budget, rules, statesMax: MISTAKE_STATES_MAX });
    if (result.kind !== 'violation') throw new Error('it was not noticed');
    for (let length = 0; length < result.path.length; length += 1) {
      expect(replay({ budget, rules, path: result.path.slice(0, length) }).seen).toBeUndefined();
    }
  });

  test('a walk of nothing is one world, and complete', () => {
    expect(search({ budget: NOTHING, rules: RULES, statesMax: 10 })).toMatchObject({ kind: 'clean', complete: 'yes', states: 1 });
  });
});
