/** For tests that need real servers: whether they are here, and if not, a line in the report of the test run. */
import { appendFileSync } from 'node:fs';
import { findServers, type ServerKind } from './find-servers.js';

/**
 * `describe.skipIf(!natsHere())('...')`, or `natsHere('fast', 'toxiproxy')` for what is needed beyond any nats-server.
 * What is missing is named, with its remedy, in the summary of `npm test`.
 */
export function natsHere(...kinds: readonly ServerKind[]): boolean {
  const found = findServers();
  const hasNats = found.fast !== undefined || found.stock !== undefined;
  const needed: readonly ServerKind[] = kinds.some((kind) => kind !== 'toxiproxy') || hasNats ? kinds : ['stock', ...kinds];
  const missing = found.missing.filter(({ kind }) => needed.includes(kind));
  const report = process.env.SKEP_TEST_REPORT;
  if (report !== undefined && missing.length > 0) {
    appendFileSync(report, missing.map(({ message, remedy }) => `${JSON.stringify({ skipped: message, remedy })}\n`).join(''));
  }
  return missing.length === 0;
}
