/**
 * What an auditor reads: the newest, however busy the servers are. Reads are repeated while they may succeed later, and an entry of the registry is read
 * as it is now: a directory that is behind, beside lanes that were trimmed since, would show too little.
 */
import { toSkepError } from '@skep/kernel';
import { newestEntry } from '@skep/runtime';
import type { Store } from '../crash/stored-ledger.js';
import { pause } from './fault.js';

const PATIENCE_MS = 30_000;
const PAUSE_MS = 50;

/** Repeats what is not answered now but may be later. For what may be done twice. */
export async function patiently<Result>(run: () => Promise<Result>, patienceMs = PATIENCE_MS): Promise<Result> {
  for (const endMs = performance.now() + patienceMs; ; ) {
    try {
      return await run();
    } catch (error) {
      if (toSkepError(error).retry === 'no' || performance.now() > endMs) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/** For reading; what it writes to know what is newest changes nothing. */
export function patientStore({ log, registry, blob }: Store): Store {
  const get: Store['registry']['get'] = (key) => patiently(() => newestEntry(registry, key));
  return {
    log: {
      level: log.level,
      exclusive: log.exclusive,
      append: (...given) => log.append(...given),
      read: (...given) => patiently(() => log.read(...given)),
      last: (...given) => patiently(() => log.last(...given)),
      trim: (...given) => log.trim(...given),
    },
    registry: {
      get,
      update: (...given) => registry.update(...given),
      list: async (...given) => {
        const entries = await patiently(() => registry.list(...given));
        return Promise.all(entries.map(async (entry) => (await get(entry.key)) ?? entry));
      },
      watch: (...given) => registry.watch(...given),
    },
    blob: {
      put: (...given) => blob.put(...given),
      get: (...given) => patiently(() => blob.get(...given)),
      has: (...given) => patiently(() => blob.has(...given)),
      delete: (...given) => blob.delete(...given),
    },
  };
}
