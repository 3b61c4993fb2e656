/** The ports as one process sees them: when it dies, its requests are never answered and it writes nothing more. */
import type { Ports } from '@skep/ports';

export interface MortalPorts {
  readonly ports: Ports;
  kill(): void;
}

/** What a dead process waits for. */
const NEVER = new Promise<never>(() => {});

export function mortalPorts({ bus, log, registry, blob, clock, random }: Ports): MortalPorts {
  let alive = true;
  const ask = <Result>(request: () => Promise<Result>): Promise<Result> =>
    alive
      ? request().then(
          (result) => (alive ? result : NEVER),
          (error) => (alive ? Promise.reject(error) : NEVER),
        )
      : NEVER;
  const ports: Ports = {
    bus,
    log: {
      level: log.level,
      exclusive: log.exclusive,
      append: (...given) => ask(() => log.append(...given)),
      read: (...given) => ask(() => log.read(...given)),
      last: (...given) => ask(() => log.last(...given)),
      trim: (...given) => ask(() => log.trim(...given)),
    },
    registry: {
      get: (...given) => ask(() => registry.get(...given)),
      update: (...given) => ask(() => registry.update(...given)),
      list: (...given) => ask(() => registry.list(...given)),
      watch: (prefix, listener) => registry.watch(prefix, (entry) => alive && listener(entry)),
    },
    blob: {
      put: (...given) => ask(() => blob.put(...given)),
      get: (...given) => ask(() => blob.get(...given)),
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
  return {
    ports,
    kill: () => {
      alive = false;
    },
  };
}
