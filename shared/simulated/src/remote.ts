/**
 * A node's way to a store. It draws the fate of each request:
 *
 *   sent ──lost──────────────────────────────────────────────> gave up
 *     ├──late (after the caller gave up) ──> done, unheard ──> gave up
 *     ├──twice ──> done ──┬──answer lost─────────────────────> gave up
 *     └──────────> done ──┴──answer──> settled
 *
 * - Q1 Giving up means `outcome-unknown` for a write and `unavailable` for a read.
 * - Q2 A request under way reaches the store also after its sender died.
 * - Q3 Of a request that arrives twice the first execution is the one that is answered: no caller is told `conflict` by its own echo, and
 *   the echo of a refused one does nothing.
 */
import { SkepError } from '@skep/kernel';
import type { Incarnation } from './incarnation.js';
import type { Network } from './network.js';
import type { Answer, Simulation } from './simulation.js';
import type { Store } from './store.js';
import { isWrite, type StoreRequest, subjectOf } from './store-request.js';

/** A caller gives up after this. */
export const GIVE_UP_MS = 2000;

/** A request on its way, perhaps twice. */
interface Delivery {
  readonly request: StoreRequest;
  readonly settle: (answer: Answer) => void;
  state: 'open' | 'executed' | 'refused';
}

export class Remote {
  constructor(
    private readonly simulation: Simulation,
    private readonly network: Network,
    readonly incarnation: Incarnation,
    readonly store: Store,
  ) {}

  call(request: StoreRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // The dead ask nothing, and are never answered.
      if (!this.incarnation.isAlive) return;
      const settle = (answer: Answer): void => {
        this.simulation.queue.cancel(giveUp);
        if (answer.kind === 'done') resolve(answer.result);
        else reject(answer.error);
      };
      const giveUp = this.incarnation.after(GIVE_UP_MS * 1000, () => reject(this.#gaveUp(request)));
      this.#send(request, settle);
    });
  }

  /** A write that was too large to be sent. */
  static tooLarge(what: string, { bytes, bytesMax, id }: { readonly bytes: number; readonly bytesMax: number; readonly id: string }): SkepError {
    return new SkepError('payload-too-large', { message: `${what} of ${bytes} bytes is over the limit of ${bytesMax}`, id });
  }

  /** Microseconds to the watcher; undefined when the news is lost. */
  newsTransitUs(): number | undefined {
    const random = this.#random();
    if (this.network.isCut(this.store.name, this.incarnation.node) || random.chance(this.simulation.rates.answerLostChance)) return undefined;
    return this.network.transitUs(this.incarnation.node);
  }

  #send(request: StoreRequest, settle: (answer: Answer) => void): void {
    const random = this.#random();
    const { node } = this.incarnation;
    const { rates } = this.simulation;
    if (random.chance(rates.requestRefusedChance)) {
      this.simulation.fault('request refused', node, request.kind);
      const error = new SkepError('unavailable', { message: `${this.store.name} refuses for now`, id: this.store.name });
      this.#answer(request, { kind: 'failed', error }, settle);
      return;
    }
    const copies = random.chance(rates.requestTwiceChance) ? 2 : 1;
    if (copies === 2) this.simulation.fault('request twice', node, request.kind);
    const delivery: Delivery = { request, settle, state: 'open' };
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.network.isCut(node, this.store.name)) this.simulation.fault('request cut off', node, request.kind);
      else if (random.chance(rates.requestLostChance)) this.simulation.fault('request lost', node, request.kind);
      else this.simulation.after(this.#arrivalUs(request), 'inner', () => this.#arrive(delivery));
    }
  }

  #arrivalUs(request: StoreRequest): number {
    const random = this.#random();
    const { requestLateChance, requestLateMsMax } = this.simulation.rates;
    const transitUs = this.network.transitUs(this.incarnation.node);
    if (!random.chance(requestLateChance)) return transitUs;
    this.simulation.fault('request late', this.incarnation.node, request.kind);
    return GIVE_UP_MS * 1000 + transitUs + random.below(Math.max(1, requestLateMsMax) * 1000);
  }

  #arrive(delivery: Delivery): void {
    const { request, settle } = delivery;
    const random = this.#random();
    // A refusal says that nothing will ever be written: the echo of what was refused has to vanish.
    if (!this.store.isUp || delivery.state === 'refused') return;
    if (delivery.state === 'executed') {
      this.store.receive(request, () => undefined);
      return;
    }
    delivery.state = 'executed';
    if (request.kind === 'trim' && random.chance(this.simulation.rates.lateTrimChance)) {
      this.simulation.fault('late trim', this.store.name, request.lane);
      this.#answer(request, { kind: 'done', result: undefined }, settle);
      this.simulation.after(random.below(GIVE_UP_MS * 1000), 'inner', () => this.store.receive(request, () => undefined));
      return;
    }
    this.store.receive(request, (answer) => {
      if (answer.kind === 'failed') delivery.state = 'refused';
      this.#answer(request, answer, settle);
    });
  }

  #answer(request: StoreRequest, answer: Answer, settle: (answer: Answer) => void): void {
    const { node } = this.incarnation;
    if (this.network.isCut(this.store.name, node)) {
      this.simulation.fault('answer cut off', node, request.kind);
      return;
    }
    if (this.#random().chance(this.simulation.rates.answerLostChance)) {
      this.simulation.fault('answer lost', node, request.kind);
      return;
    }
    this.incarnation.after(this.network.transitUs(node), () => settle(answer));
  }

  #gaveUp(request: StoreRequest): SkepError {
    this.simulation.record(this.incarnation.node, 'gave up', request.kind, subjectOf(request));
    const message = `${this.store.name} did not answer a ${request.kind} within ${GIVE_UP_MS} ms`;
    return isWrite(request)
      ? new SkepError('outcome-unknown', { message: `${message}; it may or may not have happened`, id: subjectOf(request) })
      : new SkepError('unavailable', { message, id: subjectOf(request) });
  }

  #random() {
    return this.simulation.stream(`requests of ${this.incarnation.node}`);
  }
}
