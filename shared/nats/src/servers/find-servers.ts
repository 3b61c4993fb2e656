/**
 * Which servers are at hand. Looked for in the folder named by SKEP_SERVERS, else in .tools/bin of the repository (the
 * set-up puts them there), then on PATH.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SkepError } from '@skep/kernel';

/** `fast` elects a new leader in under a second (deploy/nats); `stock` is the server as it is published: 4 to 9 seconds. */
export type Flavour = 'fast' | 'stock';

export type ServerKind = Flavour | 'toxiproxy';

export interface FoundServer {
  readonly path: string;
  /** Such as `2.15.2`; `unknown` for a toxiproxy that was built from source. */
  readonly version: string;
}

export interface MissingServer {
  readonly kind: ServerKind;
  /** What was found instead. */
  readonly message: string;
  /** One line: what to do. */
  readonly remedy: string;
}

export interface FoundServers {
  readonly fast?: FoundServer;
  readonly stock?: FoundServer;
  readonly toxiproxy?: FoundServer;
  readonly missing: readonly MissingServer[];
}

export interface FindOptions {
  /** Looked into first; SKEP_SERVERS, else .tools/bin. */
  readonly folder?: string;
  /** As in PATH. */
  readonly path?: string;
}

/** Older ones lack what lanes rest on, or have it broken. */
export const NATS_OLDEST = '2.12.7';

/** A program that says nothing within this time is as good as missing. */
const ANSWER_MS_MAX = 10_000;

const PROGRAMS: Readonly<Record<ServerKind, { readonly name: string; readonly remedy: string }>> = {
  fast: { name: 'nats-server-fast', remedy: 'install Go 1.26 and start npm test again: the set-up builds it' },
  stock: {
    name: 'nats-server',
    remedy: `put nats-server ${NATS_OLDEST} or newer on PATH: brew install nats-server; docker create --name n nats:2.15 && docker cp n:/nats-server .tools/bin/ && docker rm n; or install Go 1.26 (apt-get install golang-go) and start npm test again`,
  },
  toxiproxy: { name: 'toxiproxy-server', remedy: 'brew install toxiproxy; or install Go 1.26 and start npm test again' },
};

const KINDS = Object.keys(PROGRAMS) as readonly ServerKind[];

const DEFAULT_FOLDER = fileURLToPath(new URL('../../../../.tools/bin', import.meta.url));

const remembered = new Map<string, FoundServers>();

/** Looks once for each folder and PATH; what is missing is named with its remedy. */
export function findServers(options: FindOptions = {}): FoundServers {
  const folder = options.folder ?? process.env.SKEP_SERVERS ?? DEFAULT_FOLDER;
  const path = options.path ?? process.env.PATH ?? '';
  const key = `${folder}\n${path}`;
  const found = remembered.get(key) ?? look(folder, path);
  remembered.set(key, found);
  return found;
}

/** Throws `not-configured` with what was found instead and the remedy. */
export function mustFindServer(kind: ServerKind, options?: FindOptions): FoundServer {
  const found = findServers(options);
  const server = found[kind];
  if (server !== undefined) return server;
  const missing = found.missing.find((each) => each.kind === kind);
  throw new SkepError('not-configured', {
    message: missing?.message ?? `${PROGRAMS[kind].name} is not here`,
    id: PROGRAMS[kind].name,
    remedy: missing?.remedy ?? PROGRAMS[kind].remedy,
  });
}

function look(folder: string, path: string): FoundServers {
  const found: { -readonly [K in ServerKind]?: FoundServer } = {};
  const missing: MissingServer[] = [];
  for (const kind of KINDS) {
    const { name, remedy } = PROGRAMS[kind];
    const candidates = [folder, ...path.split(delimiter)]
      .filter((each) => each !== '')
      .map((each) => join(each, process.platform === 'win32' ? `${name}.exe` : name))
      .filter(isFile)
      .map((file) => ({ path: file, version: versionOf(kind, file) }));
    const server = candidates.find(({ version }) => version !== undefined && (kind === 'toxiproxy' || isAtLeast(version, NATS_OLDEST)));
    if (server?.version !== undefined) {
      found[kind] = { path: server.path, version: server.version };
    } else {
      const instead = candidates.map((each) => `${each.path} is ${each.version ?? 'not answering'}`).join(', ');
      missing.push({ kind, message: `${name} is not here${instead === '' ? '' : ` (${instead})`}${reasonOfSetUp(folder, name)}`, remedy });
    }
  }
  return { ...found, missing };
}

/** What the set-up wrote down when it could not make the server. */
function reasonOfSetUp(folder: string, name: string): string {
  try {
    const { missing } = JSON.parse(readFileSync(join(folder, '..', 'servers.json'), 'utf8'));
    const because = missing.find((each: { name: string }) => each.name === name)?.because;
    return typeof because === 'string' ? `: ${because.split('\n').at(-1)}` : '';
  } catch {
    return '';
  }
}

function versionOf(kind: ServerKind, file: string): string | undefined {
  const answer = spawnSync(file, [kind === 'toxiproxy' ? '-version' : '--version'], { encoding: 'utf8', timeout: ANSWER_MS_MAX, windowsHide: true });
  if (answer.error !== undefined || answer.status !== 0) return undefined;
  if (kind === 'fast' && !answer.stdout.includes('skep-fast')) return undefined;
  const version = /\d+\.\d+\.\d+/.exec(answer.stdout)?.[0];
  return kind === 'toxiproxy' ? (version ?? 'unknown') : version;
}

function isAtLeast(version: string, oldest: string): boolean {
  const difference = version
    .split('.')
    .map((part, index) => Number(part) - Number(oldest.split('.')[index]))
    .find((each) => each !== 0);
  return (difference ?? 0) >= 0;
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}
