/**
 * The ports: what the core asks of the world. Adapters implement them, `@skep/ports/conformance` judges the adapters.
 *
 *   const ports: Ports = embedded.memoryPorts();
 *   const { sequence } = await ports.log.append(lane, bytes, 0);
 */
import type { Blob } from './blob.js';
import type { Bus } from './bus.js';
import type { Clock } from './clock.js';
import type { Log } from './log.js';
import type { Random } from './random.js';
import type { Registry } from './registry.js';

export type { Blob } from './blob.js';
export type { Bus, BusMessage, PublishOptions, RequestOptions, SubscribeOptions } from './bus.js';
export type { Clock } from './clock.js';
export type { Compressor } from './compressor.js';
export type { AppendResult, Level, Log, LogEntry, ReadOptions, Sequence } from './log.js';
export type { Random } from './random.js';
export type { Registry, RegistryEntry, Revision, UpdateResult } from './registry.js';

/** Everything a node is given. `close` of the whole belongs to whoever made it. */
export interface Ports {
  readonly bus: Bus;
  readonly log: Log;
  readonly registry: Registry;
  readonly blob: Blob;
  readonly clock: Clock;
  readonly random: Random;
}
