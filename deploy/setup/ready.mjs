/** Makes the clone ready: packages installed, sources built. Does nothing, fast, when it is ready. */
import { build, buildMatches } from './build.mjs';
import { withLock } from './lock.mjs';
import { installPackages, packagesMatch } from './packages.mjs';
import { CACHE } from './places.mjs';

export async function makeReady() {
  if (packagesMatch() && buildMatches()) {
    return;
  }
  await withLock(CACHE, async () => {
    await installPackages();
    await build();
  });
}
