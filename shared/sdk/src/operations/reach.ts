/**
 * Ways to a cluster from outside, a connection each: a tenant's client, and an operator.
 *
 * Nodes answer what is sent to a tenant's subjects in that tenant's inboxes alone, so an operator who works with agents does it as their tenant.
 */
import { systemClock, systemRandom } from '@skep/embedded';
import { SkepError } from '@skep/kernel';
import { natsBus } from '@skep/nats';
import type { User } from '@skep/nats/servers';
import type { Bus } from '@skep/ports';
import type { Client } from '../client.js';
import { connectCluster } from '../cluster/index.js';
import { type AccessOptions, accessOf } from './access.js';
import { Admin } from './admin.js';

export interface ReachOptions extends AccessOptions {
  readonly servers: readonly string[];
  readonly universe?: string;
  /** How long the servers are waited for. Default 5 s. */
  readonly withinMs?: number;
}

export interface ClientReachOptions extends ReachOptions {
  /** Whose agents are reached. Default `default`. */
  readonly tenant?: string;
  readonly deadlineMs?: number;
}

const WITHIN_MS = 5_000;
const TENANT_DEFAULT = 'default';

/** @throws SkepError `unavailable` while no server answers, `not-configured` for credentials that are missing or refused */
export async function reachClient(options: ClientReachOptions): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const { universe, tenant = TENANT_DEFAULT, deadlineMs } = options;
  const { bus, close } = await reach(options, { tenant });
  const client = connectCluster({
    ...{ bus, clock: systemClock, random: systemRandom, tenant },
    ...(universe === undefined ? {} : { universe }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  return {
    client,
    close: async () => {
      await client.close();
      await close();
    },
  };
}

/** @throws as `reachClient` */
export async function reachAdmin(options: ReachOptions): Promise<{ readonly admin: Admin; close(): Promise<void> }> {
  const { universe } = options;
  const { bus, close } = await reach(options, { role: 'operator' });
  return { admin: new Admin({ bus, ...(universe === undefined ? {} : { universe }) }), close };
}

async function reach(options: ReachOptions, user: User): Promise<{ readonly bus: Bus; close(): Promise<void> }> {
  const { servers, withinMs = WITHIN_MS } = options;
  const way = natsBus({ servers, name: 'skep', clock: systemClock, random: systemRandom, ...accessOf(options, user) });
  const close = (): Promise<void> => way.bus.close();
  try {
    await connected(way, { servers, withinMs });
    return { bus: way.bus, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Way = ReturnType<typeof natsBus>;

function connected(way: Way, { servers, withinMs }: { readonly servers: readonly string[]; readonly withinMs: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    let why = '';
    const finish = (error?: SkepError): void => {
      clearTimeout(limit);
      end();
      if (error === undefined) resolve();
      else reject(error);
    };
    const look = (): void => {
      const { state } = way;
      if (state.kind === 'connected') finish();
      else if (state.kind === 'refused') finish(state.error);
      else if (state.kind === 'connecting' && state.why !== undefined) why = ` (${state.why})`;
    };
    const limit = setTimeout(() => {
      finish(
        new SkepError('unavailable', {
          message: `no NATS server answers${why}`,
          id: servers.join(' '),
          remedy: 'Start the servers, or name others; "skep up" starts a local cluster.',
        }),
      );
    }, withinMs);
    const end = way.onState(look);
    look();
  });
}
