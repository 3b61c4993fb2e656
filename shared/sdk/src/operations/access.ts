/** With which credentials somebody comes to the servers: out of a folder that `skep up` made, or out of one file. */
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nameOf, SkepError } from '@skep/kernel';
import type { ConnectOptions } from '@skep/nats';
import { Credentials, inboxPrefixOf, type User } from '@skep/nats/servers';

/** What the files of tenants' keys begin with. */
const TENANTS = 'tenant-';

export interface AccessOptions {
  /** A folder of credentials, a `.creds` file, or a file with the seed of an nkey. Left out: the servers ask for none. */
  readonly credentials?: string;
  /** The certificate of the authority; a folder brings its own. */
  readonly ca?: string;
}

export type Access = Pick<ConnectOptions, 'authenticator' | 'nkeySeed' | 'creds' | 'tls' | 'inboxPrefix'>;

/** @throws SkepError `not-configured` when there is no such file, or it holds something else */
export function accessOf({ credentials, ca }: AccessOptions, user: User): Access {
  const common = { inboxPrefix: inboxPrefixOf(user), ...(ca === undefined ? {} : { tls: { caFile: ca } }) };
  if (credentials === undefined) return common;
  if (statSync(credentials, { throwIfNoEntry: false })?.isDirectory() === true) {
    return { ...Credentials.load(credentials).clientOptions(user), ...common };
  }
  // A key that still lies where it was made has its certificates beside it.
  const made = dirname(dirname(credentials));
  if (statSync(join(made, 'credentials.json'), { throwIfNoEntry: false })?.isFile() === true) {
    return { ...Credentials.load(made).clientOptions(user), ...common };
  }
  const text = read(credentials);
  return text.includes('BEGIN NATS USER JWT') ? { ...common, creds: new TextEncoder().encode(text) } : { ...common, nkeySeed: seedIn(credentials) };
}

/** What asks the servers for their settings; undefined where the credentials are no folder that has it. */
export function systemAccessOf({ credentials }: AccessOptions): Pick<ConnectOptions, 'authenticator'> | undefined {
  if (credentials === undefined || statSync(credentials, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  return { authenticator: Credentials.load(credentials).clientOptions({ role: 'system' }).authenticator };
}

/** The tenants that a folder of credentials knows; just the default one where they are no folder. */
export function tenantsOf({ credentials }: AccessOptions): readonly string[] {
  if (credentials === undefined || statSync(credentials, { throwIfNoEntry: false })?.isDirectory() !== true) return ['default'];
  return Credentials.load(credentials).tenants;
}

/** Whose credentials these are, by the name of the file; a folder is an operator's. Undefined where the name does not tell. */
export function userOf(credentials: string): User | undefined {
  if (statSync(credentials, { throwIfNoEntry: false })?.isDirectory() === true) return { role: 'operator' };
  const name = basename(credentials).replace(/\.[a-z]+$/, '');
  if (name === 'operator') return { role: 'operator' };
  return name.startsWith(TENANTS) ? { tenant: nameOf(name.slice(TENANTS.length)) } : undefined;
}

function seedIn(file: string): Uint8Array {
  const seed = read(file).trim();
  // Seeds of users begin so; anything else would only be refused by the server, without a word why.
  if (/^SU[A-Z2-7]{56}$/.test(seed)) return new TextEncoder().encode(seed);
  throw new SkepError('not-configured', {
    message: 'the file holds neither the seed of an nkey nor credentials of NATS',
    id: file,
    remedy: 'Name the folder "credentials" of the cluster, one of its users/*.nk, or a .creds file.',
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SkepError('not-configured', {
      message: `the credentials cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      id: file,
      remedy: 'Name a folder or file that is there and that this user may read.',
      cause,
    });
  }
}
