/**
 * The address keys of tenants, as one node has them. Under the key of its tenant an agent's content is hashed, so that nobody without the
 * key guesses it by hash (V14).
 *
 * - A1 The universe knows each key by its fingerprint, and a tenant has one key for good: a node with another one does not start.
 * - A2 Of a tenant whose key is not here nothing is served: it is refused before anything is claimed or written.
 * - A3 A key is never shown: errors, reports and records name tenants and fingerprints.
 */
import { type AgentId, checkName, keyedHash, parseAgentId, SkepError, toHex, toSkepError } from '@skep/kernel';
import type { TreeOptions } from '@skep/state';

/** By tenant, 32 bytes each. */
export type GivenAddressKeys = Readonly<Record<string, Uint8Array>>;

export interface KeyedTenant {
  readonly tenant: string;
  /** 32 hexadecimal digits: the same for the same key; nobody learns the key from it. */
  readonly fingerprint: string;
}

/** Tenants of one universe that may have an address key: all of them stand in its record. */
export const KEYED_TENANTS_MAX = 256;

const KEY_BYTES = 32;
const PLAIN: TreeOptions = {};
const FINGERPRINT_BYTES = 16;
const LABEL = new TextEncoder().encode('skep address key, fingerprint');

/** Whether a tenant that has no key in the universe gets the one that is given for it, or stays without one. */
export type NewAddressKeys = 'add' | 'ignore';

export class AddressKeys {
  /** Those that were given, ascending by tenant. */
  readonly given: readonly KeyedTenant[];
  readonly #options = new Map<string, TreeOptions>();
  #known: readonly KeyedTenant[];
  #missing: ReadonlySet<string> = new Set();

  /** @throws SkepError `not-configured` */
  constructor(
    given: GivenAddressKeys = {},
    private readonly newKeys: NewAddressKeys = 'add',
  ) {
    checkAddressKeys(given);
    const tenants = Object.entries(given).map(([tenant, key]): KeyedTenant => {
      const addressKey = new Uint8Array(key);
      this.#options.set(tenant, { addressKey });
      return { tenant, fingerprint: toHex(keyedHash(addressKey, LABEL).subarray(0, FINGERPRINT_BYTES)) };
    });
    this.given = tenants.sort(byTenant);
    this.#known = this.given;
  }

  /** The tenants of the universe that have a key, whether it is here or not; ascending. */
  get known(): readonly (KeyedTenant & { readonly isHere: boolean })[] {
    return this.#known.map((each) => ({ ...each, isHere: this.#options.has(each.tenant) }));
  }

  /** Tenants whose key is not here; ascending. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /**
   * The tenants of a universe, those of this node among them.
   * @throws SkepError `not-configured` when a tenant has another key there, or when there are too many
   */
  joinedTo(universe: readonly KeyedTenant[]): readonly KeyedTenant[] {
    const joined = new Map(universe.map((each) => [each.tenant, each]));
    for (const own of this.given) {
      const there = joined.get(own.tenant);
      const isIgnored = there === undefined && this.newKeys === 'ignore';
      if (isIgnored || !this.#options.has(own.tenant)) continue;
      if (there !== undefined && there.fingerprint !== own.fingerprint) throw otherKey(own, there);
      joined.set(own.tenant, own);
    }
    if (joined.size > KEYED_TENANTS_MAX && joined.size > universe.length) {
      throw new SkepError('not-configured', {
        message: `${joined.size} tenants of the universe would have an address key; there may be ${KEYED_TENANTS_MAX}`,
        remedy: 'Give keys to fewer tenants, or use another universe.',
      });
    }
    return [...joined.values()].sort(byTenant);
  }

  /** What the record of the universe says at the start of a node. */
  begin(universe: readonly KeyedTenant[]): void {
    for (const { tenant } of this.given) if (!universe.some((each) => each.tenant === tenant)) this.#options.delete(tenant);
    this.#known = universe;
    this.#missing = this.withoutKey();
  }

  /** What the record says later; it may be read stale, and no tenant ever leaves it. */
  learn(universe: readonly KeyedTenant[]): void {
    const fresh = universe.filter(({ tenant }) => !this.#known.some((each) => each.tenant === tenant));
    if (fresh.length === 0) return;
    this.#known = [...this.#known, ...fresh].sort(byTenant);
    this.#missing = this.withoutKey();
  }

  /** For trees of the tenant's agents; no key where none is here. */
  optionsOf(tenant: string): TreeOptions {
    return this.#options.get(tenant) ?? PLAIN;
  }

  isMissing(agent: AgentId): boolean {
    return this.#missing.size > 0 && this.#missing.has(parseAgentId(agent).tenant);
  }

  /** A2. @throws SkepError `not-configured` */
  mustServe(agent: AgentId): void {
    if (this.isMissing(agent)) throw missingKey(agent);
  }

  private withoutKey(): ReadonlySet<string> {
    return new Set(this.#known.flatMap(({ tenant }) => (this.#options.has(tenant) ? [] : [tenant])));
  }

  /** @throws SkepError `not-configured` for a tenant whose key is not here */
  mustHave(tenant: string): void {
    if (this.#missing.has(tenant)) throw missingKeyOf(tenant, tenant);
  }
}

/** @throws SkepError `not-configured` naming the tenant */
export function checkAddressKeys(given: unknown): asserts given is GivenAddressKeys {
  if (typeof given !== 'object' || given === null) {
    const remedy = `Give an object: by tenant ${KEY_BYTES} bytes.`;
    throw new SkepError('not-configured', { message: 'addressKeys is no object of keys by tenant', id: 'addressKeys', remedy });
  }
  for (const [tenant, key] of Object.entries(given) as [string, unknown][]) {
    checkKeyedTenant(tenant);
    if (!(key instanceof Uint8Array)) throw refused(tenant, 'is no Uint8Array');
    if (key.length !== KEY_BYTES) throw refused(tenant, `has ${key.length} bytes; a key has ${KEY_BYTES}`);
  }
}

export function missingKey(agent: AgentId): SkepError {
  return missingKeyOf(parseAgentId(agent).tenant, agent);
}

function missingKeyOf(tenant: string, id: string): SkepError {
  return new SkepError('not-configured', {
    message: `tenant ${tenant} has an address key, which this node was not given`,
    id,
    remedy: `Start this node with the address key of tenant ${tenant}: the option addressKeys, also in skep.config.ts.`,
  });
}

/** @throws SkepError `not-configured` */
export function checkKeyedTenant(tenant: string): void {
  try {
    checkName('tenant', tenant);
  } catch (cause) {
    const message = `addressKeys names a tenant ${JSON.stringify(tenant.slice(0, 128))} that cannot be: ${toSkepError(cause).message}`;
    throw new SkepError('not-configured', { message, id: tenant.slice(0, 128), remedy: 'Correct the name of the tenant.', cause });
  }
}

function refused(tenant: string, what: string): SkepError {
  return new SkepError('not-configured', {
    message: `the address key of tenant ${tenant} ${what}`,
    id: tenant,
    remedy: `Make a key of ${KEY_BYTES} random bytes once, and give every node the same.`,
  });
}

function otherKey({ tenant, fingerprint }: KeyedTenant, there: KeyedTenant): SkepError {
  return new SkepError('not-configured', {
    message: `the address key of tenant ${tenant} (fingerprint ${fingerprint}) is another one than the universe was given (${there.fingerprint})`,
    id: tenant,
    remedy: 'Start this node with the key that the tenant was given first: a key never changes.',
  });
}

function byTenant(one: KeyedTenant, other: KeyedTenant): number {
  return one.tenant < other.tenant ? -1 : 1;
}
