/**
 * Ways to a cluster from outside, over a connection of their own: as one tenant, or as an operator.
 */
import { systemClock, systemRandom } from '@skep/embedded';
import { SkepError } from '@skep/kernel';
import { natsBus } from '@skep/nats';
import type { User } from '@skep/nats/servers';
import type { Bus } from '@skep/ports';
import type { Client } from '../client.js';
import { connectCluster } from '../cluster/index.js';
import { type AccessOptions, accessOf, tenantsOf } from './access.js';
import { Admin } from './admin.js';
import { OperatorClient } from './operator-client.js';

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

/** As one tenant. @throws SkepError `unavailable` while no server answers, `not-configured` for credentials that are missing or refused */
export async function reachClient(options: ClientReachOptions): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const { tenant = TENANT_DEFAULT } = options;
  const { bus, close } = await reach(options, { tenant });
  const client = clientOn(bus, tenant, options);
  return {
    client,
    close: async () => {
      await client.close();
      await close();
    },
  };
}

export interface OperatorReachOptions extends ReachOptions {
  /** Whose turns `client.watch` shows; those of the credentials by default. */
  readonly tenants?: readonly string[];
}

/** As an operator, who reaches every tenant's agents and asks nodes. @throws as `reachClient` */
export async function reachOperator(
  options: OperatorReachOptions,
): Promise<{ readonly client: Client; readonly admin: Admin; close(): Promise<void> }> {
  const { universe, tenants = tenantsOf(options) } = options;
  const { bus, close } = await reach(options, { role: 'operator' });
  const admin = new Admin({ bus, ...(universe === undefined ? {} : { universe }) });
  const client = new OperatorClient({ admin, tenants, clientOf: (tenant) => clientOn(bus, tenant, options) });
  return {
    client,
    admin,
    close: async () => {
      await client.close();
      await close();
    },
  };
}

function clientOn(bus: Bus, tenant: string, { universe, deadlineMs }: Pick<ClientReachOptions, 'universe' | 'deadlineMs'>): Client {
  return connectCluster({
    ...{ bus, clock: systemClock, random: systemRandom, tenant },
    ...(universe === undefined ? {} : { universe }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
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
