/** The suites of the ports, run against a cluster. */

import { systemClock } from '@skep/embedded';
import { type HashHex, hashHexOf } from '@skep/kernel';
import { blobConformance, busConformance, logConformance, registryConformance } from '@skep/ports/conformance';
import { afterAll, beforeAll, describe } from 'vitest';
import { type ClusterOptions, natsHere, startCluster } from '../src/servers/index.js';
import { names } from '../src/streams.js';
import { bytesOf, pairOn } from './ports-kit.js';

export function natsConformance(options: ClusterOptions & { readonly flavour: 'fast' | 'stock'; readonly servers: 1 | 3 }): void {
  const { flavour, servers } = options;
  const name = `${servers === 1 ? 'one server' : 'three servers'}, ${flavour}`;
  describe.skipIf(!natsHere(flavour))(name, () => {
    let cluster: Awaited<ReturnType<typeof startCluster>>;
    beforeAll(async () => {
      cluster = await startCluster(options);
      await cluster.ready;
    }, 60_000);
    afterAll(async () => {
      await cluster?.close();
    });

    busConformance(`the bus over NATS (${name})`, async () => {
      const { one, two, close } = await pairOn(cluster.urls);
      // Interest travels from server to server in its own time. A probe would show it, but who subscribes to everything would get it, too.
      const travelled = () => new Promise<void>((resolve) => systemClock.setTimer(servers === 1 ? 0 : 200, resolve));
      return { bus: one.bus, other: two.bus, settled: () => Promise.all([one.flush(), two.flush()]).then(travelled), close };
    });
    logConformance(`the log over NATS (${name})`, async () => {
      const { one, two, close } = await pairOn(cluster.urls);
      return { log: one.log, other: two.log, entryBytesMax: one.log.entryBytesMax, close };
    });
    registryConformance(`the registry over NATS (${name})`, async () => {
      const { one, two, close } = await pairOn(cluster.urls);
      return { registry: one.registry, other: two.registry, close };
    });
    blobConformance(`the blob store over NATS (${name})`, async () => {
      const { root, one, two, raw, close } = await pairOn(cluster.urls);
      const damage = async (hash: HashHex) => {
        await raw.connected;
        const subject = `${names.blobPrefix(root)}${hash}.whole`;
        await raw.jetstream.store({ subject, bytes: bytesOf(`not ${hashHexOf(bytesOf(hash))}`), headers: {}, timeoutMs: 5_000 });
      };
      return { blob: one.blob, other: two.blob, damage, close };
    });
  });
}
