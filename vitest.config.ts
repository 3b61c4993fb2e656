import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests run against the sources; only worker threads and child processes use the build in dist/. */
const source = (folder: string) => fileURLToPath(new URL(folder, import.meta.url));

/** Files that take longest, begun first: no core waits for the last of them alone. */
const LONGEST = [
  'cluster-simulator/cluster-planted',
  'sdk/test/install',
  'cluster-simulator/',
  'simulator/',
  'explorer/',
  'crash/',
  'faults/',
  'cli/test/',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((part) => moduleId.includes(part));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((one, other) => placeOf(one) - placeOf(other));
  }
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@skep\/ports\/conformance$/, replacement: source('./shared/ports/src/conformance/index.ts') },
      { find: /^@skep\/sdk\/testing$/, replacement: source('./shared/sdk/src/testing.ts') },
      { find: /^@skep\/sdk\/(project|operations)$/, replacement: `${source('./shared/sdk/src')}/$1/index.ts` },
      { find: /^@skep\/nats\/servers$/, replacement: source('./shared/nats/src/servers/index.ts') },
      { find: /^@skep\/chaos$/, replacement: source('./chaos/src/index.ts') },
      { find: /^@skep\/([a-z]+)$/, replacement: `${source('./shared')}/$1/src/index.ts` },
    ],
  },
  test: {
    include: ['shared/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts', 'chaos/{test,tidy}/**/*.test.ts', 'deploy/test/**/*.test.ts'],
    passWithNoTests: false,
    setupFiles: ['./chaos/test/property-seed.ts'],
    // Guards against tests that hang; no measure of speed.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Of the state engine: its own tests must reach nearly all of it (V13); `npm run verify` looks.
    coverage: { provider: 'v8', include: ['shared/state/src/**'], thresholds: { statements: 95, lines: 95 } },
  },
});
