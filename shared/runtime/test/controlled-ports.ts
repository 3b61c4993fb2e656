/** Ports of one process that a test can hold, fail and kill, over ports that outlive it. */
import type { LaneId } from '@skep/kernel';
import type { Ports } from '@skep/ports';

/** Stands around a request: may hold it back, answer with something else, or do it and say nothing. */
export type Intercept = <Result>(run: () => Promise<Result>) => Promise<Result>;

export interface Controls {
  append: Intercept | undefined;
  last: Intercept | undefined;
  update: Intercept | undefined;
  put: Intercept | undefined;
  blobGet: Intercept | undefined;
  /** Batches that were handed to the log, acknowledged or not. */
  readonly appends: { readonly lane: LaneId; readonly bytes: Uint8Array }[];
  /** Entries that `read` gave. */
  entriesRead: number;
  kill(): void;
  readonly isAlive: boolean;
}

export interface ControlledPorts {
  readonly ports: Ports;
  readonly controls: Controls;
}

/** What waits for a dead process. */
export const NEVER = new Promise<never>(() => {});

/** `log`: what the process is told of its log. */
export function controlledPorts({ bus, log, registry, blob, clock, random }: Ports, told: { readonly exclusive?: boolean } = {}): ControlledPorts {
  let alive = true;
  const controls: Controls = {
    append: undefined,
    last: undefined,
    update: undefined,
    put: undefined,
    blobGet: undefined,
    appends: [],
    entriesRead: 0,
    kill: () => {
      alive = false;
    },
    get isAlive() {
      return alive;
    },
  };
  const ask = <Result>(run: () => Promise<Result>, intercept?: Intercept): Promise<Result> => {
    if (!alive) return NEVER;
    const work = intercept === undefined ? run() : intercept(run);
    return work.then(
      (result) => (alive ? result : NEVER),
      (error) => (alive ? Promise.reject(error) : NEVER),
    );
  };
  const ports: Ports = {
    bus,
    log: {
      level: log.level,
      exclusive: told.exclusive ?? log.exclusive,
      append: (lane, bytes, expected) => {
        controls.appends.push({ lane, bytes: bytes.slice() });
        return ask(() => log.append(lane, bytes, expected), controls.append);
      },
      read: async (...given) => {
        const entries = await ask(() => log.read(...given));
        controls.entriesRead += entries.length;
        return entries;
      },
      last: (...given) => ask(() => log.last(...given), controls.last),
      trim: (...given) => ask(() => log.trim(...given)),
    },
    registry: {
      get: (...given) => ask(() => registry.get(...given)),
      update: (...given) => ask(() => registry.update(...given), controls.update),
      list: (...given) => ask(() => registry.list(...given)),
      watch: (prefix, listener) => registry.watch(prefix, (entry) => alive && listener(entry)),
    },
    blob: {
      put: (...given) => ask(() => blob.put(...given), controls.put),
      get: (...given) => ask(() => blob.get(...given), controls.blobGet),
      has: (...given) => ask(() => blob.has(...given)),
      delete: (...given) => ask(() => blob.delete(...given)),
    },
    clock: {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer: (delayMs, fire) => clock.setTimer(delayMs, () => alive && fire()),
    },
    random,
  };
  return { ports, controls };
}
