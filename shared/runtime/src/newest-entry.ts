/** What an entry of the registry is now. Reads may be stale; the refusal of a write that no entry can accept names the newest revision. */
import { isSkepError, SkepError, toSkepError } from '@skep/kernel';
import type { Registry, RegistryEntry } from '@skep/ports';
import { isUncertain } from './uncertain.js';

/** A revision that no entry reaches. */
const NO_REVISION = Number.MAX_SAFE_INTEGER;
/** Reads in a row that may miss an entry which is known to be there. */
const READS_MAX = 16;

/** 0 for none. @throws SkepError `unavailable`, `disk-full` */
export async function newestRevision(registry: Registry, key: string): Promise<number> {
  try {
    return (await registry.update(key, new Uint8Array(0), NO_REVISION)).revision;
  } catch (thrown) {
    const error = toSkepError(thrown);
    // It writes nothing, whatever became of it: nobody is in doubt.
    if (!isUncertain(error)) throw error;
    throw new SkepError('unavailable', { message: `the registry does not say what is there: ${error.message}`, id: key, cause: error });
  }
}

/** The entry as it is now, not as it was. @throws SkepError `unavailable`, `disk-full` */
export async function newestEntry(registry: Registry, key: string): Promise<RegistryEntry | undefined> {
  const revision = await newestRevision(registry, key);
  if (revision === 0) return undefined;
  for (let read = 0; read < READS_MAX; read += 1) {
    const found = await registry.get(key);
    if (found !== undefined && found.revision >= revision) return found;
  }
  throw new SkepError('unavailable', { message: 'reads of the registry do not show the newest entry', id: key });
}

/** For telling people. Where nothing can be written any more entries do not change, and a plain read will do. @throws SkepError `unavailable` */
export async function entryToTell(registry: Registry, key: string): Promise<RegistryEntry | undefined> {
  try {
    return await newestEntry(registry, key);
  } catch (error) {
    if (isSkepError(error, 'disk-full')) return registry.get(key);
    throw error;
  }
}
