/** A checker that never failed is no checker: each mistake is planted, and has to be found. */
import { afterAll, describe, expect, test } from 'vitest';
import { type Finding, findMistake, formatFindings } from '../../src/simulator/find-mistake.js';
import { SEED_MISTAKES } from '../../src/simulator/mistakes.js';
import { report } from './suite-report.js';

const SEEDS_MAX = 400;

describe('a planted mistake is found:', () => {
  const findings: Finding[] = [];

  test.each(SEED_MISTAKES)('$name ($rule)', { timeout: 240_000 }, async (mistake) => {
    const finding = await findMistake(mistake, SEEDS_MAX);
    findings.push(finding);
    expect(finding.seeds).toBeDefined();
  });

  afterAll(() => {
    const table = formatFindings(findings);
    process.stdout.write(`${table}\n`);
    report({ what: 'planted mistakes found by seeds', count: findings.filter(({ seeds }) => seeds !== undefined).length }, { table });
  });
});
