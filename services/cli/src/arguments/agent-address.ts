/**
 * Agents on the command line: `kind/name`, or `tenant/kind/name`.
 *
 * Names are written as they are, whatever characters they have. What is printed as an id (`default/note/a=2eb`) is understood, too: of
 * three parts that are such an id, each is taken as the escaped form. A name with a `/` needs `--tenant`, which leaves `kind/name` alone.
 */
import { type AgentId, agentId, parseAgentId } from '@skep/kernel';
import { UsageError } from '../frame/usage-error.js';

export const TENANT_DEFAULT = 'default';

export interface AddressOptions {
  readonly tenant?: string;
}

/** @throws UsageError, SkepError `invalid-id` */
export function parseAgent(text: string, { tenant }: AddressOptions = {}): AgentId {
  const parts = text.split('/');
  if (tenant !== undefined && parts.length >= 2) {
    const [kind = '', ...rest] = parts;
    return agentId({ tenant, kind, name: rest.join('/') });
  }
  if (parts.length === 2) {
    const [kind = '', name = ''] = parts;
    return agentId({ tenant: TENANT_DEFAULT, kind, name });
  }
  if (parts.length === 3) {
    const [rawTenant = '', kind = '', name = ''] = parts;
    return asId(text) ?? agentId({ tenant: rawTenant, kind, name });
  }
  throw new UsageError({
    message: `"${text}" is no agent`,
    remedy: 'Write kind/name or tenant/kind/name; give --tenant when the name itself has a "/".',
    id: text,
    code: 'invalid-id',
  });
}

/** The agent as `parseAgent` reads it back: without the default tenant and without escapes where that is unmistakable. */
export function agentText(id: AgentId): string {
  const { tenant, kind, name } = parseAgentId(id);
  const text = tenant === TENANT_DEFAULT ? `${kind}/${name}` : `${tenant}/${kind}/${name}`;
  try {
    return parseAgent(text) === id ? text : id;
  } catch {
    return id;
  }
}

function asId(text: string): AgentId | undefined {
  try {
    return agentId(parseAgentId(text));
  } catch {
    return undefined;
  }
}
