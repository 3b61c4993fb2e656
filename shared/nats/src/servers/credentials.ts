/**
 * Credentials, made by themselves: an nkey for each user, and on request certificates, in a folder that only its owner reads.
 *
 *   credentials.json   who there is: public keys, the password of the routes
 *   users/<name>.nk    the secret half of a user's nkey, also for other NATS clients
 *   ca.pem  ca.key  server.pem  server.key    with `tls`
 *   users/<name>.pem  users/<name>.key        with `mutualTls`
 *
 * - K1 Making them again keeps what is there and adds what is missing.
 * - K2 Secrets are in files of mode 0600 in a folder of mode 0700, written whole or not at all; configurations of servers hold
 *   public keys only.
 * - K3 A rotation has two steps, each followed by a reload of the servers: after `rotate` old and new keys are good, after `retire`
 *   only the new ones. Clients read their key whenever they connect, so nobody is locked out in between.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Authenticator, nkeyAuthenticator, nkeys, type TlsOptions } from '@nats-io/transport-node';
import { nameOf, SkepError } from '@skep/kernel';
import { daysLeft, makeAuthority, makeClientCertificate, makeServerCertificate, type Signed } from './certificates.js';
import { inboxPrefixOf, nameOfUser, permissionsOf, ROLES, type User } from './permissions.js';
import type { AccessPlan, UserPlan } from './server-config.js';

export interface CredentialsOptions {
  /** Tenants whose clients may connect; those that are there already stay. */
  readonly tenants?: readonly string[];
  /** TLS for clients and between servers; once made it stays. */
  readonly tls?: boolean;
  /** TLS, and clients show a certificate too, beside signing with their key; once made it stays. */
  readonly mutualTls?: boolean;
}

/** What a client gives to `connect`, besides the servers. */
export interface ClientOptions {
  readonly authenticator: Authenticator;
  readonly inboxPrefix: string;
  readonly tls?: TlsOptions;
}

/** A certificate with less time than this is made anew. */
const RENEW_DAYS = 30;

const FORMAT = 1;

interface Entry {
  readonly publicKey: string;
  /** Still good until `retire`. */
  readonly previous?: string;
}

interface Content {
  readonly format: number;
  readonly route: { readonly user: string; readonly password: string };
  readonly tls: boolean;
  readonly mutual?: boolean;
  readonly users: Readonly<Record<string, Entry>>;
}

export class Credentials {
  private constructor(
    readonly dir: string,
    private readonly content: Content,
  ) {}

  /** Makes what is missing (K1). Throws `corrupt` for a folder that holds something else. */
  static make(dir: string, { tenants = [], tls = false, mutualTls = false }: CredentialsOptions = {}): Credentials {
    const folder = resolve(dir);
    mkdirSync(join(folder, 'users'), { recursive: true, mode: 0o700 });
    // Made by somebody else with other modes: they are ours to set.
    chmodSync(folder, 0o700);
    chmodSync(join(folder, 'users'), 0o700);
    const there = readContent(folder);
    const names = [...ROLES.map((role) => nameOfUser({ role })), ...tenants.map((tenant) => nameOfUser({ tenant }))];
    const users: Record<string, Entry> = { ...there?.users };
    for (const name of names) users[name] ??= { publicKey: makeKey(folder, name) };
    const route = there?.route ?? { user: 'route', password: randomBytes(24).toString('hex') };
    const mutual = mutualTls || there?.mutual === true;
    const content: Content = { format: FORMAT, route, tls: tls || mutual || there?.tls === true, mutual, users };
    makeCertificates(folder, content, 'keep');
    writeContent(folder, content);
    return new Credentials(folder, content);
  }

  /** Throws `not-configured` when there are none. */
  static load(dir: string): Credentials {
    const folder = resolve(dir);
    const content = readContent(folder);
    if (content !== undefined) return new Credentials(folder, content);
    throw new SkepError('not-configured', {
      message: 'there are no credentials in this folder',
      id: folder,
      remedy: 'Start the cluster first: skep up.',
    });
  }

  get hasTls(): boolean {
    return this.content.tls;
  }

  /** The authority's certificate, for clients; undefined without TLS. */
  get caFile(): string | undefined {
    return this.content.tls ? join(this.dir, 'ca.pem') : undefined;
  }

  get tenants(): readonly string[] {
    return Object.keys(this.content.users).flatMap((name) => (name.startsWith('tenant-') ? [nameOf(name.slice('tenant-'.length))] : []));
  }

  /** The file with a user's secret key. Throws `not-configured` for a user that there is not. */
  keyFile(user: User): string {
    const name = nameOfUser(user);
    if (this.content.users[name] !== undefined) return fileOfKey(this.dir, name);
    throw new SkepError('not-configured', { message: 'there are no credentials for this user', id: name, remedy: 'Add the tenant to the cluster.' });
  }

  /** For `connect` of nats.js. The key is read at each connect (K3). */
  clientOptions(user: User): ClientOptions {
    const file = this.keyFile(user);
    const tls = this.tlsOptions(user);
    return {
      authenticator: (nonce) => nkeyAuthenticator(readKey(file))(nonce),
      inboxPrefix: inboxPrefixOf(user),
      ...(tls === undefined ? {} : { tls }),
    };
  }

  /** The part of `clientOptions` that is about TLS; undefined without TLS. */
  tlsOptions(user: User): TlsOptions | undefined {
    if (!this.content.tls) return undefined;
    const own = join(this.dir, 'users', nameOfUser(user));
    return { caFile: join(this.dir, 'ca.pem'), ...(this.content.mutual === true ? { certFile: `${own}.pem`, keyFile: `${own}.key` } : {}) };
  }

  /** New keys and certificates for all; the old keys stay good until `retire`, the old certificates until they end. */
  rotate(): Credentials {
    const users = Object.entries(this.content.users).map(([name, { publicKey }]) => [
      name,
      { publicKey: makeKey(this.dir, name), previous: publicKey },
    ]);
    makeCertificates(this.dir, this.content, 'renew');
    return this.with({ ...this.content, users: Object.fromEntries(users) });
  }

  /** Only the new keys are good from the servers' next reload on. */
  retire(): Credentials {
    const users = Object.entries(this.content.users).map(([name, { publicKey }]) => [name, { publicKey }]);
    return this.with({ ...this.content, users: Object.fromEntries(users) });
  }

  /** What goes into the servers' configuration. */
  accessPlan(): AccessPlan {
    const plansOf = (user: User): UserPlan[] => {
      const { publicKey, previous } = this.content.users[nameOfUser(user)] ?? { publicKey: '' };
      const permissions = permissionsOf(user);
      return [publicKey, previous]
        .filter((key) => key !== undefined)
        .map((key) => ({ publicKey: key, ...(permissions === undefined ? {} : { permissions }) }));
    };
    const users: User[] = [...ROLES.filter((role) => role !== 'system').map((role) => ({ role })), ...this.tenants.map((tenant) => ({ tenant }))];
    const files = {
      cert: join(this.dir, 'server.pem'),
      key: join(this.dir, 'server.key'),
      ca: join(this.dir, 'ca.pem'),
      mutual: this.content.mutual === true,
    };
    return {
      users: users.flatMap(plansOf),
      systemUsers: plansOf({ role: 'system' }),
      route: this.content.route,
      ...(this.content.tls ? { tls: files } : {}),
    };
  }

  private with(content: Content): Credentials {
    writeContent(this.dir, content);
    return new Credentials(this.dir, content);
  }
}

/** Makes credentials in a folder, or adds to those that are there. */
export const makeCredentials = (dir: string, options?: CredentialsOptions): Credentials => Credentials.make(dir, options);

const fileOfKey = (dir: string, name: string): string => join(dir, 'users', `${name}.nk`);

/** Returns the public half. */
function makeKey(dir: string, name: string): string {
  const pair = nkeys.createUser();
  writeSecret(fileOfKey(dir, name), `${new TextDecoder().decode(pair.getSeed())}\n`);
  return pair.getPublicKey();
}

function readKey(file: string): Uint8Array {
  return new TextEncoder().encode(readFileSync(file, 'utf8').trim());
}

function makeCertificates(dir: string, { tls, mutual, users }: Content, existing: 'keep' | 'renew'): void {
  if (!tls) return;
  const now = new Date();
  const authority = readPair(join(dir, 'ca')) ?? makeAuthority('Skep', now);
  writePair(join(dir, 'ca'), authority);
  const needed = new Map([[join(dir, 'server'), () => makeServerCertificate(authority, 'Skep NATS server', now)]]);
  if (mutual === true) {
    for (const name of Object.keys(users)) needed.set(join(dir, 'users', name), () => makeClientCertificate(authority, commonNameOf(name), now));
  }
  for (const [base, make] of needed) {
    const there = readPair(base);
    const isGood = there !== undefined && daysLeft(there.certificate, now) > RENEW_DAYS;
    if (existing === 'renew' || !isGood) writePair(base, make());
  }
}

/** A certificate's common name has 64 characters at most; tokens of tenants can be longer. */
const commonNameOf = (name: string): string => `Skep ${name}`.slice(0, 64);

function writePair(base: string, { certificate, key }: Signed): void {
  writeSecret(`${base}.key`, key);
  writeSecret(`${base}.pem`, certificate);
}

function readPair(base: string): Signed | undefined {
  const [certificate, key] = [readIfThere(`${base}.pem`), readIfThere(`${base}.key`)];
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

function readContent(dir: string): Content | undefined {
  const file = join(dir, 'credentials.json');
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  try {
    const content: Content = JSON.parse(text);
    if (content.format > FORMAT) throw new SkepError('unsupported-format', { message: 'the credentials were made by a newer Skep', id: file });
    if (content.format === FORMAT && typeof content.users === 'object' && typeof content.route?.password === 'string') return content;
  } catch (error) {
    if (error instanceof SkepError) throw error;
  }
  throw new SkepError('corrupt', {
    message: 'the file of the credentials cannot be read',
    id: file,
    remedy: 'Remove the folder; new credentials are made.',
  });
}

const writeContent = (dir: string, content: Content): void => writeSecret(join(dir, 'credentials.json'), `${JSON.stringify(content, null, 2)}\n`);

/** K2: whole or not at all, and never readable by others, not for a moment. */
function writeSecret(file: string, text: string): void {
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
