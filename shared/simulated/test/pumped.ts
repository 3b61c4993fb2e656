import { createWorld, type SimulatedNode, type Store, type StoreOptions, type World, type WorldOptions } from '../src/index.js';

/** A world with one store and two nodes that runs by itself, so that suites which know nothing of it can be run in it. */
export interface Pumped {
  readonly world: World;
  readonly store: Store;
  readonly one: SimulatedNode;
  readonly two: SimulatedNode;
  close(): Promise<void>;
}

export function pumpedWorld(options: WorldOptions, storeOptions?: StoreOptions): Pumped {
  const world = createWorld(options);
  const store = world.store('store', storeOptions);
  const one = world.node('one', { stores: store });
  const two = world.node('two', { stores: store });
  let pumping = true;
  const pump = (async () => {
    while (pumping) {
      await world.run({ maxEvents: 1000 });
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    world,
    store,
    one,
    two,
    async close() {
      pumping = false;
      await pump;
    },
  };
}
