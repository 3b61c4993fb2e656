/**
 * The rooms of the house and what each may import; arrows point down. `turbo boundaries` holds the coarse shape by tags, this
 * table the exact one: a room that is not listed here does not exist.
 */

export interface Room {
  /** Rooms whose packages its sources may import. */
  readonly imports: readonly string[];
  /** A core room is pure: no `node:*`, and time, chance and timers come in through ports. */
  readonly kind: 'core' | 'adapter' | 'edge';
}

const BASE = ['kernel', 'protocol', 'ports'];
const HOLDERS = [...BASE, 'state', 'crdt', 'lane'];
const ADAPTERS = ['embedded', 'nats', 'simulated'];
const ASSEMBLY = [...HOLDERS, 'actor', 'cluster', 'queen'];
const EVERYTHING_SHARED = [...ASSEMBLY, 'runtime', ...ADAPTERS, 'sdk'];

export const ROOMS: Readonly<Record<string, Room>> = {
  'shared/kernel': { imports: [], kind: 'core' },
  'shared/ports': { imports: ['kernel'], kind: 'core' },
  'shared/protocol': { imports: ['kernel'], kind: 'core' },
  'shared/state': { imports: BASE, kind: 'core' },
  'shared/crdt': { imports: BASE, kind: 'core' },
  'shared/lane': { imports: BASE, kind: 'core' },
  'shared/actor': { imports: HOLDERS, kind: 'core' },
  'shared/cluster': { imports: [...HOLDERS, 'actor'], kind: 'core' },
  'shared/queen': { imports: [...HOLDERS, 'actor', 'cluster'], kind: 'core' },
  'shared/runtime': { imports: ASSEMBLY, kind: 'core' },
  'shared/simulated': { imports: BASE, kind: 'core' },
  'shared/embedded': { imports: BASE, kind: 'adapter' },
  'shared/nats': { imports: BASE, kind: 'adapter' },
  'shared/sdk': { imports: [...ASSEMBLY, 'runtime', ...ADAPTERS], kind: 'edge' },
  'services/node': { imports: EVERYTHING_SHARED, kind: 'edge' },
  'services/queen': { imports: EVERYTHING_SHARED, kind: 'edge' },
  'services/gateway': { imports: EVERYTHING_SHARED, kind: 'edge' },
  'services/cli': { imports: EVERYTHING_SHARED, kind: 'edge' },
  chaos: { imports: EVERYTHING_SHARED, kind: 'edge' },
};

/** Tests of a room may also stand on these: they run a room against real or simulated ports. They never point back up. */
export const ROOMS_FOR_TESTS: readonly string[] = ADAPTERS;

/** Packages that exactly one room imports. */
export const SOLE_IMPORTERS: Readonly<Record<string, string>> = {
  'better-sqlite3': 'shared/embedded',
  '@automerge/automerge': 'shared/crdt',
  '@nats-io/': 'shared/nats',
};

/** Where a core room uses what core rooms may not, and why that is right. Keep it short. */
export const EXCEPTIONS: readonly { readonly file: RegExp; readonly allows: readonly string[]; readonly because: string }[] = [
  {
    file: /^shared\/ports\/src\/conformance\//,
    allows: ['setImmediate', 'performance.now', 'node:timers/promises'],
    because: 'the suites judge real adapters too: their answers come in a later turn of the event loop, and waiting for one must end',
  },
  {
    file: /^shared\/simulated\//,
    allows: ['setImmediate', 'node:zlib'],
    because: 'the simulated clock lets settled promises run before it moves time on; the checksum of a recorded run is a pure function',
  },
];
