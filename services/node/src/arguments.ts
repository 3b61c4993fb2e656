/** The command line of a node: a configuration file, or flags, or both; flags come first. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SkepError } from '@skep/kernel';
import { type NodeConfiguration, parseNodeConfiguration } from '@skep/sdk/operations';

export const USAGE = `Usage: skep-node --config <file> | --name <name> --server <url>... [options]

  --config <file>       a configuration in JSON, with the names below, limits, and addressKeys: by tenant the path of a
                        file that holds its address key as 64 hexadecimal digits
  --name <name>         the node's name, the same from start to start
  --server <url>        a NATS server; may be given several times
  --universe <name>     default: main
  --credentials <path>  a folder that "skep up" made, a .creds file, or the seed of an nkey
  --ca <file>           the authority's certificate, for TLS
  --level <level>       what acknowledgements must survive: memory, replicated or fsync
  --replicas <n>        copies of everything: 1, 3 or 5
  --kinds <file>        a skep.config.ts, or a module whose default export has kinds; may be given several times
  --help

Example:
  $ skep-node --name n1 --server nats://127.0.0.1:4222 --kinds skep.config.ts
`;

/** Undefined: help is asked for. @throws SkepError `not-configured` */
export function readArguments(args: readonly string[], folder: string): NodeConfiguration | undefined {
  const { config, help, ...flags } = flagsOf(args);
  if (help === true) return undefined;
  const file = config === undefined ? undefined : resolve(folder, config);
  const written = file === undefined ? {} : readConfigFile(file);
  const { server, kinds, credentials, ca, replicas, ...texts } = flags;
  const given = {
    ...written,
    ...texts,
    ...(server === undefined ? {} : { servers: server }),
    ...(kinds === undefined ? {} : { kinds: kinds.map((each) => resolve(folder, each)) }),
    ...(credentials === undefined ? {} : { credentials: resolve(folder, credentials) }),
    ...(ca === undefined ? {} : { ca: resolve(folder, ca) }),
    ...(replicas === undefined ? {} : { replicas: Number(replicas) }),
  };
  return parseNodeConfiguration(given, file ?? 'the command line');
}

function flagsOf(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const several = { type: 'string', multiple: true } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ config: text, name: text, universe: text, credentials: text, ca: text, level: text, replicas: text },
        ...{ server: several, kinds: several },
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SkepError('not-configured', { message, remedy: 'Add --help to see what can be given.', cause });
  }
}

/** Paths in the file are relative to it. */
function readConfigFile(file: string): object {
  let written: unknown;
  try {
    written = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new SkepError('not-configured', {
      message: `the configuration cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      id: file,
      remedy: 'Name a file with JSON in it.',
      cause,
    });
  }
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    throw new SkepError('not-configured', { message: 'a configuration is an object', id: file, remedy: 'Write { ... }.' });
  }
  const beside = (path: unknown): unknown => (typeof path === 'string' ? resolve(dirname(file), path) : path);
  const found: Record<string, unknown> = { ...written };
  for (const name of ['credentials', 'ca']) if (found[name] !== undefined) found[name] = beside(found[name]);
  const { addressKeys } = found;
  if (typeof addressKeys === 'object' && addressKeys !== null && !Array.isArray(addressKeys)) {
    found.addressKeys = Object.fromEntries(Object.entries(addressKeys).map(([tenant, path]) => [tenant, beside(path)]));
  }
  if (Array.isArray(found.kinds)) found.kinds = found.kinds.map(beside);
  return found;
}
