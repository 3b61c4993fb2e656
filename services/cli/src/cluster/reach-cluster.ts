/** A way to a cluster with whatever credentials there are: a tenant's reach its own agents, an operator's all of them and the nodes. */
import type { Client } from '@skep/sdk';
import { type Admin, reachClient, reachOperator, refusedToTenants, userOf } from '@skep/sdk/operations';
import type { ClusterTarget } from './cluster-target.js';

export interface ReachedCluster {
  readonly client: Client;
  /** Undefined with the credentials of a tenant. */
  readonly admin: Admin | undefined;
  close(): Promise<void>;
}

/** @throws SkepError `unavailable`, `not-configured` */
export async function reachCluster({ servers, universe, credentials, ca }: ClusterTarget): Promise<ReachedCluster> {
  const way = {
    ...{ servers, universe },
    ...(credentials === undefined ? {} : { credentials }),
    ...(ca === undefined ? {} : { ca }),
  };
  // Servers that ask for no credentials let everybody do everything.
  const user = credentials === undefined ? { role: 'operator' as const } : userOf(credentials);
  if (user !== undefined && 'role' in user) return await reachOperator(way);
  return { admin: undefined, ...(await reachClient({ ...way, ...(user === undefined ? {} : user) })) };
}

/** For what operators ask. @throws as `reachCluster`, and `forbidden` with the credentials of a tenant */
export async function withAdmin<Result>(
  target: ClusterTarget,
  what: string,
  work: (admin: Admin, client: Client) => Promise<Result>,
): Promise<Result> {
  const { client, admin, close } = await reachCluster(target);
  try {
    if (admin === undefined) throw refusedToTenants(what);
    return await work(admin, client);
  } finally {
    await close();
  }
}
