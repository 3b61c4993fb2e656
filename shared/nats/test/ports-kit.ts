/** Ports over real servers for tests: each test has streams of its own, named by a root. */
import { systemClock, systemRandom } from '@skep/embedded';
import type { LaneId } from '@skep/kernel';
import type { Bus } from '@skep/ports';
import { eventually } from '@skep/ports/conformance';
import { type NatsPorts, type NatsPortsOptions, natsPorts } from '../src/index.js';
import { JetStream } from '../src/jetstream.js';
import { Link } from '../src/link.js';
import { connectionOptions } from '../src/options.js';
import { streamNames } from '../src/streams.js';

let roots = 0;

/** A name that no other test uses. */
export function newRoot(): string {
  roots += 1;
  return `t${process.pid}x${roots}`;
}

export function portsOn(servers: readonly string[], options: Partial<NatsPortsOptions> = {}): NatsPorts {
  return natsPorts({ servers, clock: systemClock, random: systemRandom, logShards: 2, ...options });
}

/** Two members of one swarm, on different servers if there are several, and a third connection behind their backs. */
export async function pairOn(servers: readonly string[], options: Partial<NatsPortsOptions> = {}) {
  const root = newRoot();
  const one = portsOn([servers[0] as string], { root, ignoreGossip: true, ...options });
  await one.ready;
  const two = portsOn([servers.at(-1) as string], { root, ignoreGossip: true, ...options });
  await two.ready;
  await Promise.all([heard(one.bus, two.bus), heard(two.bus, one.bus)]);
  const raw = rawOn(servers);
  return {
    root,
    one,
    two,
    raw,
    close: async () => {
      await Promise.all([one.close(), two.close()]);
      await raw.removeStreams(root);
      await raw.close();
    },
  };
}

/**
 * Servers that are ready may still be making their routes: resolves when a message went from one member of the bus to the other, and none of
 * those that were tried is still on its way.
 */
async function heard(from: Bus, to: Bus): Promise<void> {
  const probe = to.inbox();
  const came = new Set<string>();
  const stop = to.subscribe(probe, ({ payload }) => came.add(new TextDecoder().decode(payload)));
  const untilCame = (text: string, send: () => void) =>
    eventually('a message from one server to the other', () => {
      send();
      return came.has(text) ? true : undefined;
    });
  try {
    await untilCame('probe', () => from.publish(probe, bytesOf('probe')));
    // Messages of one member come in order.
    from.publish(probe, bytesOf('last'));
    await untilCame('last', () => undefined);
  } finally {
    stop();
  }
}

/** The servers without our rules. */
export function rawOn(servers: readonly string[]) {
  const link = new Link({ connection: connectionOptions({ servers }, 'test'), clock: systemClock, inbox: `_INBOX.TEST.${newRoot()}` });
  const jetstream = new JetStream(link, 2_000);
  const connected = new Promise<void>((resolve) => {
    if (link.state.kind === 'connected') resolve();
    else link.onState(({ kind }) => kind === 'connected' && resolve());
  });
  return {
    link,
    jetstream,
    connected,
    removeStreams: async (root: string, shards = 2) => {
      await connected;
      await Promise.all(streamNames(root, shards).map((name) => jetstream.api(`STREAM.DELETE.${name}`)));
    },
    close: () => link.close(),
  };
}

export function lane(name: string): LaneId {
  return `main/1/${name}` as LaneId;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
