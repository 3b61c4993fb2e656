/** The gateways of the other nodes: what each is asked, and what it answers. Their subjects are out of every tenant's reach. */
import { decode, type ErrorShape, encode, fromErrorShape, type IncarnationId, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { Bus, BusMessage, Clock } from '@skep/ports';
import type { Subjects } from '@skep/protocol';

export interface NeighboursOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subjects: Subjects;
  /** Live nodes but this one. */
  readonly others: () => readonly IncarnationId[];
  /** Resolves when `others` had time to be heard. */
  readonly met: () => Promise<void>;
  /** Answers what another gateway asks. */
  readonly answer: (command: string, parameter: Value) => Promise<Value>;
}

/** Asked again, as a message may be lost: what is asked has to be such that twice is as good as once. */
const ATTEMPTS = 4;
const ATTEMPT_MS = 1_000;
const PAUSE_MS = 250;

export class Neighbours {
  private unsubscribe: (() => void) | undefined;

  constructor(private readonly options: NeighboursOptions) {}

  /** From now on this incarnation answers. */
  listen(incarnation: IncarnationId): void {
    this.stop();
    const { bus, subjects } = this.options;
    this.unsubscribe = bus.subscribe(subjects.gateway(incarnation), (message) => void this.onMessage(message));
  }

  stop(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  /**
   * What all other live nodes answer, in no order. A node that dies meanwhile is left out.
   * @throws SkepError what a live node refused it for, or `unavailable` when one did not answer
   */
  async askAll(command: string, parameter: Value): Promise<readonly Value[]> {
    await this.options.met();
    const answers = await Promise.all(this.options.others().map((other) => this.askOne(other, command, parameter)));
    return answers.filter((answer) => answer !== undefined);
  }

  /** The first answer of a live node; undefined when there is none. */
  async askAny(command: string, parameter: Value): Promise<Value | undefined> {
    for (const other of this.options.others()) {
      const answer = await this.askOne(other, command, parameter).catch(() => undefined);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  private async askOne(other: IncarnationId, command: string, parameter: Value): Promise<Value | undefined> {
    const { bus, clock, subjects, others } = this.options;
    const question = encode([command, parameter]);
    for (let attempt = 1; others().includes(other); attempt += 1) {
      try {
        const answer = decode(await bus.request(subjects.gateway(other), question, { timeoutMs: ATTEMPT_MS })) as Value;
        if (Array.isArray(answer)) return answer[0] as Value;
        throw fromErrorShape(answer as unknown as ErrorShape);
      } catch (thrown) {
        const error = toSkepError(thrown);
        if (error.code !== 'timeout' && error.code !== 'unavailable') throw error;
        if (attempt >= ATTEMPTS) throw new SkepError('unavailable', { message: `node ${other} does not answer`, id: other, cause: error });
        await new Promise<void>((resolve) => clock.setTimer(PAUSE_MS, resolve));
      }
    }
    return undefined;
  }

  private async onMessage(message: BusMessage): Promise<void> {
    try {
      const [command, parameter] = decode(message.payload) as readonly Value[];
      message.reply(encode([await this.options.answer(String(command), parameter ?? null)]));
    } catch (error) {
      message.reply(encode(toSkepError(error).toJSON()));
    }
  }
}
