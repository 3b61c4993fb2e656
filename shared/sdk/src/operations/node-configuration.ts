/** What the process of a node is told: written by whoever starts it, read once by itself. */
import { checkName, LIMITS, type Limits, SkepError } from '@skep/kernel';
import type { Level } from '@skep/ports';
import { checkKeyPath } from '../project/address-keys.js';

export interface NodeConfiguration {
  /** The node's name: the same from start to start, and no other's. */
  readonly name: string;
  readonly universe: string;
  /** `nats://host:port`, at least one. */
  readonly servers: readonly string[];
  /** A folder that `skep up` made, a `.creds` file, or a file with the seed of an nkey. */
  readonly credentials?: string;
  /** The certificate of the authority, where servers speak TLS and `credentials` is no folder that has it. */
  readonly ca?: string;
  /** What acknowledgements must survive; left out: the strongest that the servers hold. */
  readonly level?: Level;
  readonly replicas?: number;
  /** Modules with a default export that has `kinds`. */
  readonly kinds: readonly string[];
  readonly limits?: Partial<Limits>;
  /** By tenant the path of a file that holds its address key as 64 hexadecimal digits; before those that modules of kinds give. */
  readonly addressKeys?: Readonly<Record<string, string>>;
  readonly heartbeatMs?: number;
  readonly suspectAfterMs?: number;
  readonly settleEveryMs?: number;
}

export const UNIVERSE_DEFAULT = 'main';

const LEVELS: readonly Level[] = ['memory', 'local', 'replicated', 'fsync'];
const SERVER = /^(nats|tls):\/\/[^\s/]+$/;

/** @param source whose words these are, for messages @throws SkepError `not-configured`, `invalid-id` */
export function parseNodeConfiguration(given: unknown, source: string): NodeConfiguration {
  const read = new Fields(given, source);
  const name = read.text('name');
  const universe = read.text('universe') ?? UNIVERSE_DEFAULT;
  const servers = read.texts('servers') ?? [];
  const kinds = read.texts('kinds') ?? [];
  const level = read.text('level');
  const replicas = read.number('replicas');
  if (name === undefined) throw read.wrong('name', 'a node needs a name', 'Give --name, or "name" in the configuration.');
  checkName('node', name);
  checkName('universe', universe);
  if (servers.length === 0) throw read.wrong('servers', 'no NATS server is named', 'Give --server nats://127.0.0.1:4222, or "servers".');
  const odd = servers.find((server) => !SERVER.test(server));
  if (odd !== undefined) throw read.wrong(odd, `"${odd}" is no address of a NATS server`, 'Write nats://host:port.');
  if (level !== undefined && !LEVELS.some((each) => each === level)) {
    throw read.wrong('level', `there is no level "${level}"`, `Choose one of ${LEVELS.join(', ')}.`);
  }
  if (replicas !== undefined && ![1, 3, 5].includes(replicas)) throw read.wrong('replicas', 'there are 1, 3 or 5 copies', 'Correct "replicas".');
  const limits = read.limits();
  const configuration = {
    name,
    universe,
    servers,
    kinds,
    level: level as Level | undefined,
    replicas,
    credentials: read.text('credentials'),
    ca: read.text('ca'),
    limits,
    addressKeys: read.keyFiles('addressKeys'),
    heartbeatMs: read.number('heartbeatMs'),
    suspectAfterMs: read.number('suspectAfterMs'),
    settleEveryMs: read.number('settleEveryMs'),
  };
  read.refuseOthers();
  return Object.fromEntries(Object.entries(configuration).filter(([, value]) => value !== undefined)) as unknown as NodeConfiguration;
}

class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(
    given: unknown,
    private readonly source: string,
  ) {
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw this.wrong(source, 'a configuration is an object', 'Write { ... }.');
    this.#fields = { ...given };
  }

  text(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    throw this.wrong(name, `"${name}" is no text`, `Correct "${name}".`);
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#take(name);
    if (value === undefined || (Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== ''))) return value;
    throw this.wrong(name, `"${name}" is no list of texts`, `Correct "${name}".`);
  }

  number(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value > 0)) return value;
    throw this.wrong(name, `"${name}" is no number above 0`, `Correct "${name}".`);
  }

  keyFiles(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.wrong(name, `"${name}" is no object`, `Write { "<tenant>": "<path of a file>" }.`);
    }
    return Object.fromEntries(Object.entries(value).map(([tenant, path]) => [tenant, checkKeyPath(tenant, path, this.source)]));
  }

  limits(): Partial<Limits> | undefined {
    const value = this.#take('limits');
    if (value === undefined) return undefined;
    const limits = new Fields(value, `${this.source}, limits`);
    const read = Object.keys(LIMITS).flatMap((name) => {
      const limit = limits.number(name);
      return limit === undefined ? [] : [[name, limit]];
    });
    limits.refuseOthers();
    return Object.fromEntries(read);
  }

  refuseOthers(): void {
    const other = Object.keys(this.#fields).find((name) => !this.#read.has(name));
    if (other === undefined) return;
    throw this.wrong(other, `there is nothing named "${other}"`, `There are: ${[...this.#read].sort().join(', ')}.`);
  }

  wrong(id: string, message: string, remedy: string): SkepError {
    return new SkepError('not-configured', { message: `${this.source}: ${message}`, id, remedy });
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return this.#fields[name];
  }
}
