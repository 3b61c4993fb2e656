import type { Simulation } from './simulation.js';

/** A message takes this long when nothing goes wrong. */
const TRANSIT_US_MIN = 40;
const TRANSIT_US_MAX = 200;

export interface Cut {
  readonly from: string;
  readonly to: string;
  readonly way: 'both' | 'one';
}

/** Links between everything that has a name: nodes and stores. It decides how long a message takes, and whether its link is cut. */
export class Network {
  /** How many cuts lie on a directed link. */
  readonly #cuts = new Map<string, number>();

  constructor(private readonly simulation: Simulation) {}

  /** Cuts a link, one way or both. Returns the function that mends it; cuts add up. */
  cut({ from, to, way }: Cut): () => void {
    const links = way === 'both' ? [link(from, to), link(to, from)] : [link(from, to)];
    this.simulation.fault('partition', from, to, way);
    for (const cut of links) this.#cuts.set(cut, (this.#cuts.get(cut) ?? 0) + 1);
    let mended = false;
    return () => {
      if (mended) return;
      mended = true;
      this.simulation.record(from, 'mended', to, way);
      for (const cut of links) {
        const left = (this.#cuts.get(cut) ?? 0) - 1;
        if (left > 0) this.#cuts.set(cut, left);
        else this.#cuts.delete(cut);
      }
    };
  }

  mendAll(): void {
    this.#cuts.clear();
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.size > 0 && from !== to && this.#cuts.has(link(from, to));
  }

  /** Microseconds that a message takes. `purpose` keeps the chance of one traffic apart from that of another. */
  transitUs(purpose: string): number {
    const random = this.simulation.stream(`transit ${purpose}`);
    const { slowChance, slowMsMax } = this.simulation.rates;
    const plainUs = random.between(TRANSIT_US_MIN, TRANSIT_US_MAX);
    if (!random.chance(slowChance)) return plainUs;
    this.simulation.fault('slow', purpose);
    return plainUs + random.below(slowMsMax * 1000);
  }
}

function link(from: string, to: string): string {
  return `${from} > ${to}`;
}
