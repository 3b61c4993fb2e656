/**
 * Who may say and hear what. One NATS account holds Skep, users differ by their permissions; a second account is for probes.
 *
 * - P1 A tenant's client sends requests below `skep.<tenant>.` and hears its own events and its own answers; nothing else. It may
 *   not forge events, and neither sees nor touches another tenant, the talk between nodes, nor JetStream.
 * - P2 Inboxes of our own users are spelled in capitals: tokens of tenants are not, so no tenant's name can be one of them.
 */
import { tokenOf } from '@skep/kernel';
import type { Permissions } from './server-config.js';

/** `node` and `queen` run Skep, `operator` is the command line, `system` asks servers how they are. */
export type Role = 'node' | 'queen' | 'operator' | 'system';

export type User = { readonly role: Role } | { readonly tenant: string };

export const ROLES: readonly Role[] = ['node', 'queen', 'operator', 'system'];

/** A user's name in files and messages; tenants' names are tokens behind a prefix, so they collide with no role. */
export const nameOfUser = (user: User): string => ('role' in user ? user.role : `tenant-${tokenOf('tenant', user.tenant)}`);

/** What clients of this user put in front of their inboxes; no other is allowed. */
export const inboxPrefixOf = (user: User): string => `_INBOX.${'role' in user ? user.role.toUpperCase() : tokenOf('tenant', user.tenant)}`;

/** Undefined: everything in its account. */
export function permissionsOf(user: User): Permissions | undefined {
  const inbox = `${inboxPrefixOf(user)}.>`;
  if ('tenant' in user) {
    const token = tokenOf('tenant', user.tenant);
    return {
      publish: { allow: [`skep.${token}.>`], deny: [`skep.${token}.*.event.>`] },
      subscribe: { allow: [`skep.${token}.*.event.>`, inbox] },
    };
  }
  switch (user.role) {
    case 'node':
    case 'queen':
      return {
        publish: { allow: ['_skep.>', 'skep.>', '_INBOX.>', '$JS.API.>', '$JS.ACK.>', '$JS.FC.>', '$KV.>', '$O.>'] },
        subscribe: { allow: ['_skep.>', 'skep.>', '_INBOX.>'] },
      };
    case 'operator':
      return {
        publish: { allow: ['_skep.admin.>', '_skep.*.admin.>', 'skep.>'], deny: ['skep.*.*.event.>'] },
        subscribe: { allow: ['_skep.*.heartbeat', 'skep.*.*.event.>', inbox] },
      };
    case 'system':
      return undefined;
  }
}
