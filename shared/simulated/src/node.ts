import type { Ports } from '@skep/ports';
import type { Incarnation } from './incarnation.js';
import type { Network } from './network.js';
import { Remote } from './remote.js';
import { RemoteBlob, RemoteLog, RemoteRegistry } from './remote-ports.js';
import { type BusNetwork, SimulatedBus } from './simulated-bus.js';
import { SimulatedClock } from './simulated-clock.js';
import type { Simulation } from './simulation.js';
import type { Store } from './store.js';

/** Where a node keeps what; one store may serve as all three, and many nodes may share it. */
export interface Stores {
  readonly log: Store;
  readonly registry: Store;
  readonly blob: Store;
}

/** One incarnation of a node. */
export class SimulatedNode {
  readonly ports: Ports;
  readonly clock: SimulatedClock;
  readonly #bus: SimulatedBus;
  readonly #buses: BusNetwork;

  constructor(
    parts: { readonly simulation: Simulation; readonly network: Network; readonly buses: BusNetwork },
    private readonly incarnation: Incarnation,
    stores: Stores,
  ) {
    const { simulation, network, buses } = parts;
    this.#buses = buses;
    const remote = (store: Store) => new Remote(simulation, network, incarnation, store);
    this.clock = new SimulatedClock(simulation, incarnation);
    this.#bus = new SimulatedBus(buses, incarnation);
    this.ports = {
      bus: this.#bus,
      log: new RemoteLog(remote(stores.log)),
      registry: new RemoteRegistry(remote(stores.registry)),
      blob: new RemoteBlob(remote(stores.blob)),
      clock: this.clock,
      random: simulation.stream(`chance of ${incarnation.node} ${incarnation.number}`),
    };
  }

  get name(): string {
    return this.incarnation.node;
  }

  /** 1 for the first node of this name, and so on. */
  get number(): number {
    return this.incarnation.number;
  }

  get isAlive(): boolean {
    return this.incarnation.isAlive;
  }

  /** Kills it: no continuation, timer or handler of this incarnation ever runs again. Requests under way still reach their stores. */
  crash(): void {
    this.incarnation.crash();
    this.#buses.removeAllOf(this.#bus);
  }

  /** Nothing happens in it for a while; what arrives meanwhile is handled afterwards. */
  pause(forMs: number): void {
    this.incarnation.pause(forMs);
  }

  resume(): void {
    this.incarnation.resume();
  }
}
