/**
 * Address keys as a configuration gives them: bytes, or the path of a file that holds a key as 64 hexadecimal digits. A key is never shown,
 * so nothing that was read is part of a message.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { checkKeyedTenant, type GivenAddressKeys } from '@skep/actor';
import { fromHex, SkepError } from '@skep/kernel';

const KEY = /^[0-9a-f]{64}$/i;
const REMEDY = 'Write 64 hexadecimal digits into a file once: openssl rand -hex 32 > acme.key; give every node the same.';

/** What the default export of a module says, paths relative to the module. @throws SkepError `not-configured` */
export function addressKeysOf(file: string, exported: unknown): GivenAddressKeys {
  const given: unknown = typeof exported === 'object' && exported !== null && 'addressKeys' in exported ? exported.addressKeys : undefined;
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw refused(file, file, 'addressKeys is no object of keys by tenant');
  const read = (tenant: string, path: string): Uint8Array => readAddressKey({ tenant, path: resolve(dirname(file), path), source: file });
  const keys = Object.entries(given).map(([tenant, key]: [string, unknown]): [string, Uint8Array] => {
    return [tenant, key instanceof Uint8Array ? key : read(tenant, checkKeyPath(tenant, key, file))];
  });
  return Object.fromEntries(keys);
}

/** @param path absolute @throws SkepError `not-configured` naming the tenant and the file */
export function readAddressKey({ tenant, path, source }: { readonly tenant: string; readonly path: string; readonly source: string }): Uint8Array {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'it is no file';
    throw refused(source, tenant, `the file with the address key of tenant ${tenant} cannot be read: ${path} (${why})`);
  }
  if (KEY.test(text)) return fromHex(text.toLowerCase());
  throw refused(source, tenant, `the file with the address key of tenant ${tenant} does not hold 64 hexadecimal digits: ${path}`);
}

/** The path of a key's file, as it was written. @throws SkepError `not-configured`, also for what looks like the key itself */
export function checkKeyPath(tenant: string, path: unknown, source: string): string {
  checkKeyedTenant(tenant);
  if (typeof path !== 'string' || path === '') {
    throw refused(source, tenant, `the address key of tenant ${tenant} is no path of a file`);
  }
  if (!KEY.test(basename(path.trim()))) return path;
  throw refused(source, tenant, `the address key of tenant ${tenant} stands there itself, where others can read it`);
}

function refused(source: string, id: string, message: string): SkepError {
  return new SkepError('not-configured', { message: `${source}: ${message}`, id, remedy: REMEDY });
}
