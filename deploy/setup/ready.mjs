/** Makes the clone ready: packages installed, sources built, servers at hand. Does nothing, fast, when it is ready. */
import { build, buildMatches } from './build.mjs';
import { withLock } from './lock.mjs';
import { installPackages, packagesMatch } from './packages.mjs';
import { CACHE } from './places.mjs';
import { fetchServers, serversMatch } from './servers.mjs';

/** @param {{ servers: boolean }} needs `servers`: what comes next may start NATS servers */
export async function makeReady({ servers }) {
  if (packagesMatch() && buildMatches() && (!servers || serversMatch())) {
    return;
  }
  await withLock(CACHE, async () => {
    const sources = async () => {
      await installPackages();
      await build();
    };
    // Side by side: the servers have the network while better-sqlite3 compiles. All are waited for, so that no child of
    // one is left behind when another fails.
    const results = await Promise.allSettled([sources(), servers ? fetchServers() : []]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
    const missing = results[1].status === 'fulfilled' ? results[1].value : [];
    process.stderr.write(missing.map((line) => `set-up: ${line}\n`).join(''));
  });
}
