/** A checker that never failed is no checker: each mistake is planted, and has to be found; what is no mistake of safety breaks nothing. */
import { afterAll, describe, expect, test } from 'vitest';
import { CLUSTER_MISTAKES, HARMLESS } from '../../src/cluster-simulator/cluster-mistakes.js';
import { drawClusterPlan } from '../../src/cluster-simulator/cluster-plan.js';
import { describeClusterSeed, runClusterSeed } from '../../src/cluster-simulator/run-cluster-seed.js';
import { type Finding, findMistake, formatFindings } from '../../src/simulator/find-mistake.js';
import { report } from '../simulator/suite-report.js';

const SEEDS_MAX = 400;
const HARMLESS_SEEDS = 25;

describe('a mistake planted in a cluster is found:', () => {
  const findings: Finding[] = [];

  test.each(CLUSTER_MISTAKES)('$name ($rule)', { timeout: 240_000 }, async (mistake) => {
    const planOf = (seed: number) => {
      const drawn = drawClusterPlan(String(seed));
      return mistake.plan?.(drawn, seed) ?? drawn;
    };
    const finding = await findMistake(mistake, SEEDS_MAX, (seed, options) => runClusterSeed(seed, { ...options, plan: planOf(seed) }));
    findings.push(finding);
    expect(finding.seeds).toBeDefined();
  });

  afterAll(() => {
    const table = formatFindings(findings, 'several nodes');
    process.stdout.write(`${table}\n`);
    report({ what: 'planted cluster mistakes found by seeds', count: findings.filter(({ seeds }) => seeds !== undefined).length }, { table });
  });
});

describe('safety does not rest on who is believed dead:', () => {
  test.each(HARMLESS)('$name ($rule)', { timeout: 120_000 }, async (mistake) => {
    for (let seed = 1; seed <= HARMLESS_SEEDS; seed += 1) {
      const result = await runClusterSeed(seed, { mistake });
      expect(result.broken, result.broken.length > 0 ? describeClusterSeed(result) : '').toEqual([]);
    }
  });
});
