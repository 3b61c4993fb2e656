/**
 * The bus between the nodes of a world. Messages are lost, doubled, delayed and cut off; what arrives of one publisher on one subject
 * keeps its order at each subscription, but for the second copy of a doubled message, which may come at any time.
 */
import { SkepError } from '@skep/kernel';
import type { Bus, BusMessage, PublishOptions, RequestOptions, SubscribeOptions } from '@skep/ports';
import type { Incarnation } from './incarnation.js';
import type { Network } from './network.js';
import type { Simulation } from './simulation.js';
import { checkTokens, subjectMatches } from './subject.js';

const NO_HEADERS: ReadonlyMap<string, string> = new Map();
/** Ordered streams that are remembered; past it (or twice of what is under way) those without anything under way are forgotten. */
const STREAMS_MAX = 4096;

interface Subscription {
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly handler: (message: BusMessage) => void;
  readonly owner: SimulatedBus;
  readonly id: number;
}

interface Envelope {
  readonly from: Incarnation;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  readonly answered: ((responder: Incarnation, payload: Uint8Array) => void) | undefined;
}

interface Transmission {
  readonly from: string;
  readonly to: string;
  /** What keeps its order; undefined for a single message. */
  readonly stream: string | undefined;
}

/** All buses of a world. */
export class BusNetwork {
  #subscriptions: Subscription[] = [];
  #lastId = 0;
  /** When the last message of an ordered stream arrives. */
  readonly #streams = new Map<string, number>();
  #streamsMax = STREAMS_MAX;

  constructor(
    readonly simulation: Simulation,
    readonly network: Network,
  ) {}

  add(subscription: Omit<Subscription, 'id'>): () => void {
    this.#lastId += 1;
    const added: Subscription = { ...subscription, id: this.#lastId };
    this.#subscriptions.push(added);
    return () => {
      this.#subscriptions = this.#subscriptions.filter((other) => other !== added);
    };
  }

  removeAllOf(owner: SimulatedBus): void {
    this.#subscriptions = this.#subscriptions.filter((subscription) => subscription.owner !== owner);
  }

  /** @returns how many were sent to */
  send(envelope: Envelope): number {
    const receivers = this.#receiversOf(envelope.subject);
    this.simulation.record(envelope.from.node, 'publish', envelope.subject, envelope.payload, receivers.length);
    for (const receiver of receivers) this.#sendTo(receiver, envelope);
    return receivers.length;
  }

  /** One transmission: calls `arrive` once, twice or never. */
  transmit({ from, to, stream }: Transmission, arrive: () => void): void {
    const random = this.simulation.stream(`bus of ${from}`);
    const { messageLostChance, messageTwiceChance } = this.simulation.rates;
    if (this.network.isCut(from, to)) {
      this.simulation.fault('message cut off', from, to);
      return;
    }
    if (random.chance(messageLostChance)) {
      this.simulation.fault('message lost', from, to);
      return;
    }
    const { nowUs } = this.simulation;
    const plainUs = nowUs + this.network.transitUs(from);
    const atUs = stream === undefined ? plainUs : Math.max(plainUs, this.#streams.get(stream) ?? 0);
    if (stream !== undefined) this.#remember(stream, atUs);
    this.simulation.after(atUs - nowUs, 'outer', arrive);
    if (!random.chance(messageTwiceChance)) return;
    this.simulation.fault('message twice', from, to);
    this.simulation.after(atUs - nowUs + this.network.transitUs(from), 'outer', arrive);
  }

  #sendTo(receiver: Subscription, envelope: Envelope): void {
    const { owner } = receiver;
    const link = {
      from: envelope.from.node,
      to: owner.incarnation.node,
      stream: `${envelope.from.node} ${envelope.from.number} ${receiver.id} ${envelope.subject}`,
    };
    const sent = envelope.payload.slice();
    this.transmit(link, () => {
      owner.incarnation.enter(() => {
        if (!this.#subscriptions.includes(receiver)) return;
        this.simulation.record(owner.incarnation.node, 'deliver', envelope.subject, sent);
        this.#deliver(receiver, envelope, sent.slice());
      });
    });
  }

  #deliver(receiver: Subscription, envelope: Envelope, payload: Uint8Array): void {
    const reply = (answer: Uint8Array): void => {
      if (receiver.owner.incarnation.isAlive) envelope.answered?.(receiver.owner.incarnation, answer);
    };
    try {
      receiver.handler({ subject: envelope.subject, payload, headers: envelope.headers, reply });
    } catch {
      // A handler must not throw; the contract drops what it throws.
    }
  }

  #receiversOf(subject: string): readonly Subscription[] {
    const matching = this.#subscriptions.filter(({ pattern, owner }) => owner.incarnation.isAlive && subjectMatches(pattern, subject));
    const receivers = matching.filter(({ queue }) => queue === undefined);
    const random = this.simulation.stream('queue groups');
    for (const queue of new Set(matching.map((subscription) => subscription.queue))) {
      const chosen = queue === undefined ? undefined : random.pick(matching.filter((subscription) => subscription.queue === queue));
      if (chosen !== undefined) receivers.push(chosen);
    }
    return receivers;
  }

  #remember(stream: string, atUs: number): void {
    if (this.#streams.size >= this.#streamsMax) {
      for (const [known, knownUs] of this.#streams) if (knownUs <= this.simulation.nowUs) this.#streams.delete(known);
      this.#streamsMax = Math.max(STREAMS_MAX, this.#streams.size * 2);
    }
    this.#streams.set(stream, atUs);
  }
}

export class SimulatedBus implements Bus {
  #closed = false;
  #inboxes = 0;
  readonly #openRequests = new Set<(error: SkepError) => void>();

  constructor(
    private readonly buses: BusNetwork,
    readonly incarnation: Incarnation,
  ) {}

  publish(subject: string, payload: Uint8Array, options?: PublishOptions): void {
    checkTokens(subject, 'subject');
    if (this.#closed || !this.incarnation.isAlive) return;
    const replyTo = options?.replyTo;
    const answered =
      replyTo === undefined
        ? undefined
        : (responder: Incarnation, answer: Uint8Array): void => {
            this.buses.send({ from: responder, subject: replyTo, payload: answer, headers: NO_HEADERS, answered: undefined });
          };
    this.buses.send({ from: this.incarnation, subject, payload, headers: copied(options?.headers), answered });
  }

  subscribe(pattern: string, handler: (message: BusMessage) => void, options?: SubscribeOptions): () => void {
    checkTokens(pattern, 'pattern');
    if (this.#closed) throw closedBus();
    return this.buses.add({ pattern, queue: options?.queue, handler, owner: this });
  }

  request(subject: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      checkTokens(subject, 'subject');
      if (this.#closed) throw closedBus();
      if (!this.incarnation.isAlive) return;
      const settle = (): void => {
        this.buses.simulation.queue.cancel(giveUp);
        this.#openRequests.delete(fail);
      };
      const fail = (error: SkepError): void => {
        settle();
        reject(error);
      };
      const giveUp = this.incarnation.after(options.timeoutMs * 1000, () => {
        fail(new SkepError('timeout', { message: `no answer within ${options.timeoutMs} ms`, id: subject }));
      });
      this.#openRequests.add(fail);
      const answered = (responder: Incarnation, answer: Uint8Array): void => {
        const sent = answer.slice();
        this.buses.transmit({ from: responder.node, to: this.incarnation.node, stream: undefined }, () => {
          this.incarnation.enter(() => {
            settle();
            resolve(sent);
          });
        });
      };
      const receivers = this.buses.send({ from: this.incarnation, subject, payload, headers: copied(options.headers), answered });
      if (receivers > 0) return;
      this.incarnation.after(this.buses.network.transitUs(this.incarnation.node), () => {
        fail(new SkepError('unavailable', { message: 'nobody listens on this subject', id: subject }));
      });
    });
  }

  inbox(): string {
    this.#inboxes += 1;
    return `_INBOX.${this.incarnation.node}-${this.incarnation.number}.${this.#inboxes}`;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.buses.removeAllOf(this);
    for (const fail of [...this.#openRequests]) fail(closedBus());
  }
}

function copied(headers: ReadonlyMap<string, string> | undefined): ReadonlyMap<string, string> {
  return headers === undefined ? NO_HEADERS : new Map(headers);
}

function closedBus(): SkepError {
  return new SkepError('closed', { message: 'the bus is closed' });
}
