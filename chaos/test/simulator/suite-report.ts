import { appendFileSync } from 'node:fs';

/** Tells the run of all tests what this suite counted, where it wants to know. */
export function report(...lines: readonly ({ readonly what: string; readonly count: number } | { readonly table: string })[]): void {
  const file = process.env.SKEP_TEST_REPORT;
  if (file !== undefined) appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
