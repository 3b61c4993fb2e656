import type { SimulatedEvent } from './event-queue.js';
import type { Incident } from './fault-plan.js';
import type { Cut } from './network.js';
import type { SimulatedNode } from './node.js';
import type { Simulation } from './simulation.js';
import type { Store } from './store.js';

/** Who can be hit. */
export interface Targets {
  nodes(): readonly SimulatedNode[];
  stores(): readonly Store[];
  cut(cut: Cut): () => void;
}

/** Makes the incidents of a plan happen when their time has come. */
export class Incidents {
  readonly #scheduled: SimulatedEvent[] = [];
  readonly #mends = new Set<() => void>();

  constructor(
    private readonly simulation: Simulation,
    private readonly targets: Targets,
  ) {}

  schedule(incidents: readonly Incident[]): void {
    for (const incident of incidents) this.#after(incident.atMs, () => this.#happen(incident));
  }

  /** What has not happened does not; what lasts is ended. */
  cancel(): void {
    for (const event of this.#scheduled) this.simulation.queue.cancel(event);
    for (const mend of [...this.#mends]) mend();
  }

  #happen(incident: Incident): void {
    switch (incident.kind) {
      case 'partition': {
        const names = [...this.targets.nodes(), ...this.targets.stores()].map((target) => target.name).sort();
        const from = names[incident.pick % names.length];
        const others = names.filter((name) => name !== from);
        const to = others[Math.floor(incident.pick / 65_536) % others.length];
        if (from !== undefined && to !== undefined) this.#lasts(incident.forMs, this.targets.cut({ from, to, way: incident.way }));
        return;
      }
      case 'pause':
        chosen(this.targets.nodes(), incident.pick)?.pause(incident.forMs);
        return;
      case 'clock-jump':
        chosen(this.targets.nodes(), incident.pick)?.clock.jump(incident.byMs);
        return;
      case 'store-crash': {
        const store = chosen(this.targets.stores(), incident.pick);
        store?.crash();
        if (store !== undefined) this.#lasts(incident.forMs, () => store.start());
        return;
      }
      case 'disk-full': {
        const store = chosen(this.targets.stores(), incident.pick);
        store?.setDiskFull('full');
        if (store !== undefined) this.#lasts(incident.forMs, () => store.setDiskFull('free'));
        return;
      }
    }
  }

  #lasts(forMs: number, end: () => void): void {
    const mend = () => {
      if (this.#mends.delete(mend)) end();
    };
    this.#mends.add(mend);
    this.#after(forMs, mend);
  }

  #after(delayMs: number, run: () => void): void {
    this.#scheduled.push(this.simulation.after(delayMs * 1000, 'background', run));
  }
}

/** By name, so that the order in which they were made does not matter. */
function chosen<Target extends { readonly name: string }>(targets: readonly Target[], pick: number): Target | undefined {
  const sorted = [...targets].sort((one, two) => (one.name < two.name ? -1 : 1));
  return sorted[pick % Math.max(1, sorted.length)];
}
