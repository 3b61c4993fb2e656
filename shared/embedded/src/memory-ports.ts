import type { Clock, Ports, Random } from '@skep/ports';
import { createLocalBus } from './local-bus.js';
import { MemoryBlob } from './memory-blob.js';
import { MemoryLog } from './memory-log.js';
import { MemoryRegistry } from './memory-registry.js';
import { systemClock } from './system-clock.js';
import { systemRandom } from './system-random.js';

export interface MemoryPortsOptions {
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Ports that keep everything in this process and lose it with it: level `memory`. */
export function memoryPorts(options: MemoryPortsOptions = {}): Ports {
  const clock = options.clock ?? systemClock;
  return {
    bus: createLocalBus({ clock }),
    log: new MemoryLog(),
    registry: new MemoryRegistry(),
    blob: new MemoryBlob(),
    clock,
    random: options.random ?? systemRandom,
  };
}
