/**
 * The test run: vitest over everything, then what the suites counted, then the last line `N passed, N failed`.
 *
 * A suite reports by appending JSON lines to the file named by SKEP_TEST_REPORT; see report.mjs for their shapes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from '../setup/child.mjs';
import { compilerEnvironment } from '../setup/compiler.mjs';
import { ROOT, TOOL } from '../setup/places.mjs';
import { readReport } from './report.mjs';
import { countResults, lastLine } from './results.mjs';

/** A run that takes longer hangs; it is ended and counts as failed. */
const RUN_MINUTES_MAX = 30;

/**
 * @param {readonly string[]} args for vitest, such as a part of a file name or `-t` and a title
 * @returns {Promise<number>} the exit code
 */
export async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'skep-npm-test-'));
  const results = join(folder, 'results.json');
  const report = join(folder, 'report.jsonl');
  try {
    const child = await runNode(
      TOOL.vitest,
      ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, '--silent=passed-only', ...args],
      { cwd: ROOT, env: { ...process.env, ...compilerEnvironment(), SKEP_TEST_REPORT: report }, output: 'show', limitMs: RUN_MINUTES_MAX * 60_000 },
    );
    if (child.timedOut) {
      process.stdout.write(`\nThe tests took more than ${RUN_MINUTES_MAX} minutes and were ended.\n`);
    }
    const counted = readReport(readIfThere(report));
    const totals = countResults(readIfThere(results), child.code);
    // What went wrong stands last: a log is often cut, and then from its start.
    const lines = [...counted, ...totals.remarks, ...totals.failures, lastLine(totals)];
    process.stdout.write(`\n${lines.map((line) => `${line}\n`).join('')}`);
    return totals.failed > 0 ? child.code || 1 : child.code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} file
 * @returns {string}
 */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
