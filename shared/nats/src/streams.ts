/**
 * The streams of a swarm. They are made by whoever comes first, and compared by everybody: a stream that is not as it was asked for
 * (a server may drop what it does not understand, without a word) is refused before anything is written to it.
 *
 * - T1 Lanes lie in `<root>-log-<shard>`, the shard chosen by a hash of the lane's id. How many there are is written into the first one, which is
 *   made first; later starts read it there.
 * - T2 Nothing ever ages out, and full streams refuse (`discard: new`): a lane whose last entry is gone would accept a zombie's append (rule L10).
 * - T3 Subjects of streams have a token in capitals behind the root. Universes, nodes and tenants never have: what nodes say to each other is not stored.
 * - T4 Each stream has a subject for barriers (confirmed-reads.ts), outside of all lanes, keys and hashes.
 */
import { SkepError } from '@skep/kernel';
import { API_ERRORS, apiError, type JetStream } from './jetstream.js';

export interface StreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: 'file' | 'memory';
  readonly num_replicas: number;
  readonly retention: 'limits';
  readonly discard: 'new';
  readonly max_age: 0;
  readonly max_bytes: number;
  readonly max_msgs_per_subject: number;
  readonly allow_direct: true;
  readonly allow_rollup_hdrs: true;
  readonly metadata: Readonly<Record<string, string>>;
  readonly republish?: { readonly src: string; readonly dest: string };
}

export interface StreamPlan {
  readonly root: string;
  readonly storage: 'file' | 'memory';
  readonly replicas: number;
  readonly logShards: number;
  readonly logBytesMax: number;
}

export interface Streams {
  readonly logShards: number;
}

export const LOG_SHARDS_DEFAULT = 4;
export const LOG_SHARDS_MAX = 64;
const SHARDS = 'skep-log-shards';

export const names = {
  logStream: (root: string, shard: number): string => `${root}-log-${shard}`,
  logPrefix: (root: string, shard: number): string => `${root}.LOG.${shard}.`,
  logBarrier: (root: string, shard: number): string => `${root}.BARRIER.LOG.${shard}`,
  registryStream: (root: string): string => `${root}-registry`,
  registryPrefix: (root: string): string => `${root}.REGISTRY.`,
  registryNews: (root: string): string => `${root}.NEWS.REGISTRY.`,
  registryBarrier: (root: string): string => `${root}.BARRIER.REGISTRY`,
  blobStream: (root: string): string => `${root}-blob`,
  blobBarrier: (root: string): string => `${root}.BARRIER.BLOB`,
  blobPrefix: (root: string): string => `${root}.BLOB.`,
} as const;

/**
 * Makes what is missing and compares what is there. Safe to be called by many at once.
 * @throws SkepError `unavailable` while the servers cannot say, `not-configured` for streams or servers that are not as asked for
 */
export async function ensureStreams(jetstream: JetStream, plan: StreamPlan): Promise<Streams> {
  const first = await ensureStream(jetstream, logStream(plan, 0));
  const logShards = Number(first.metadata[SHARDS]);
  if (!Number.isInteger(logShards) || logShards < 1 || logShards > LOG_SHARDS_MAX) {
    throw notAsAsked(first.name, `it does not say over how many streams lanes are spread (${first.metadata[SHARDS]})`);
  }
  const held = { ...plan, logShards };
  const others = Array.from({ length: logShards - 1 }, (_, at) => logStream(held, at + 1));
  await Promise.all([...others, registryStream(held), blobStream(held)].map((config) => ensureStream(jetstream, config)));
  return { logShards };
}

/**
 * Changes how much each stream of lanes may hold, while it is used; -1 is without limit.
 * @throws SkepError `invalid-input` for less than they hold, `unavailable`, `outcome-unknown`
 */
export async function limitLogs(jetstream: JetStream, { root, bytesMax }: { readonly root: string; readonly bytesMax: number }): Promise<void> {
  const shards = Number((await configOf(jetstream, names.logStream(root, 0))).config.metadata[SHARDS]);
  const found = await Promise.all(Array.from({ length: shards }, (_, shard) => configOf(jetstream, names.logStream(root, shard))));
  const over = found.find(({ bytes }) => bytesMax !== -1 && bytes > bytesMax);
  if (over !== undefined) {
    throw new SkepError('invalid-input', {
      message: `${over.config.name} holds ${over.bytes} bytes, more than the new limit of ${bytesMax}`,
      id: over.config.name,
      remedy: 'Give a limit above what is held: entries of lanes are never thrown away for it.',
    });
  }
  for (const { config } of found) {
    const answer = await jetstream.update({ ...config, max_bytes: bytesMax });
    if (answer.kind === 'none' && answer.sent) throw new SkepError('outcome-unknown', { message: answer.why, id: config.name });
    if (answer.kind !== 'ok') throw apiError(config.name, answer);
  }
}

/** @throws SkepError `unavailable` */
async function configOf(jetstream: JetStream, name: string): Promise<{ readonly config: StreamConfig; readonly bytes: number }> {
  const answer = await jetstream.info(name);
  if (answer.kind !== 'ok') throw apiError(name, answer);
  return { config: answer.body.config as StreamConfig, bytes: (answer.body.state as { readonly bytes: number }).bytes };
}

/** The same lane always lies in the same shard (FNV-1a, 32 bits). */
export function shardOf(lane: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < lane.length; at += 1) hash = Math.imul(hash ^ lane.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % shards;
}

/** All that a name owns. For tests, and to take a swarm away for good. */
export function streamNames(root: string, logShards: number): readonly string[] {
  return [...Array.from({ length: logShards }, (_, shard) => names.logStream(root, shard)), names.registryStream(root), names.blobStream(root)];
}

function logStream(plan: StreamPlan, shard: number): StreamConfig {
  const { root, logShards } = plan;
  return {
    ...common(plan),
    name: names.logStream(root, shard),
    subjects: [`${names.logPrefix(root, shard)}>`, names.logBarrier(root, shard)],
    max_bytes: plan.logBytesMax,
    max_msgs_per_subject: -1,
    metadata: { [SHARDS]: `${logShards}` },
  };
}

function registryStream(plan: StreamPlan): StreamConfig {
  const { root } = plan;
  return {
    ...common(plan),
    name: names.registryStream(root),
    subjects: [`${names.registryPrefix(root)}>`, names.registryBarrier(root)],
    max_msgs_per_subject: 1,
    republish: { src: `${names.registryPrefix(root)}>`, dest: `${names.registryNews(root)}>` },
  };
}

function blobStream(plan: StreamPlan): StreamConfig {
  const { root } = plan;
  return {
    ...common(plan),
    name: names.blobStream(root),
    subjects: [`${names.blobPrefix(root)}>`, names.blobBarrier(root)],
    max_msgs_per_subject: -1,
  };
}

function common({ storage, replicas }: StreamPlan): Omit<StreamConfig, 'name' | 'subjects' | 'max_msgs_per_subject'> {
  return {
    storage,
    num_replicas: replicas,
    retention: 'limits',
    discard: 'new',
    max_age: 0,
    max_bytes: -1,
    allow_direct: true,
    allow_rollup_hdrs: true,
    metadata: {},
  };
}

async function ensureStream(jetstream: JetStream, wanted: StreamConfig): Promise<StreamConfig> {
  let answer = await jetstream.info(wanted.name);
  if (answer.kind === 'error' && answer.code === API_ERRORS.streamNotFound) {
    answer = await jetstream.create(wanted);
    // Somebody else was faster, with other wishes; what there is counts, if it serves.
    if (answer.kind === 'error' && answer.code === API_ERRORS.nameInUse) answer = await jetstream.info(wanted.name);
  }
  if (answer.kind === 'ok') {
    const held = answer.body.config as StreamConfig;
    compare(wanted, held);
    return held;
  }
  if (answer.kind === 'error' && answer.code === API_ERRORS.replicasNotSupported) {
    throw new SkepError('not-configured', {
      message: `${wanted.num_replicas} copies were asked for, and the NATS server stands alone`,
      remedy: 'Ask for one replica, or start a cluster of three servers.',
    });
  }
  // Peers may still be on their way to each other.
  if (answer.kind === 'error' && answer.code === API_ERRORS.noPeers) {
    throw new SkepError('unavailable', { message: `there are not ${wanted.num_replicas} servers for stream ${wanted.name}: ${answer.description}` });
  }
  if (answer.kind === 'error' && answer.code === API_ERRORS.notEnabledForAccount) {
    throw new SkepError('not-configured', {
      message: 'this account has no JetStream',
      remedy: 'Enable JetStream for the account in the configuration of the servers.',
    });
  }
  throw apiError(wanted.name, answer);
}

function compare(wanted: StreamConfig, held: StreamConfig): void {
  for (const name of [
    'storage',
    'num_replicas',
    'retention',
    'discard',
    'max_age',
    'max_msgs_per_subject',
    'allow_direct',
    'allow_rollup_hdrs',
  ] as const) {
    if (held[name] !== wanted[name]) throw notAsAsked(wanted.name, `${name} is ${held[name]}, and should be ${wanted[name]}`);
  }
  if (wanted.subjects.some((subject) => !held.subjects.includes(subject)))
    throw notAsAsked(wanted.name, `its subjects are ${held.subjects.join(', ')}`);
  if (wanted.republish !== undefined && held.republish?.dest !== wanted.republish.dest) throw notAsAsked(wanted.name, 'republish is not set');
}

function notAsAsked(stream: string, what: string): SkepError {
  return new SkepError('not-configured', {
    message: `stream ${stream} is not as it was asked for: ${what}`,
    id: stream,
    remedy: 'Ask for what is there (replicas, level), use another root, or change the stream with the tools of NATS.',
  });
}
