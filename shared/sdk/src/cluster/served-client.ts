/** What a node remembers of one client that sends it frames: which requests came, and answers that must not be made twice. */
import type { BusMessage } from '@skep/ports';
import { SeenNumbers } from '@skep/protocol';

/** Numbers that are remembered; lower ones count as seen. */
const NUMBERS_MAX = 2_048;
/** Answers to commands that change something, kept for a client that asks for them again. */
const ANSWERS_MAX = 64;
/** Longer ones are not kept: who asks again hears that time is up. */
const ANSWER_BYTES_MAX = 16 * 1024;

export class ServedClient {
  private readonly seen = new SeenNumbers(NUMBERS_MAX);
  private readonly answers = new Map<number, Promise<Uint8Array>>();

  constructor(
    readonly tenant: string,
    /** The newest frame that came: answers go where it asks for them. */
    public message: BusMessage,
  ) {}

  /** True the first time: a frame may come twice, what it asks for is done once. */
  isNew(number: number): boolean {
    return this.seen.isNew(number);
  }

  answerOf(number: number): Promise<Uint8Array> | undefined {
    return this.answers.get(number);
  }

  keep(number: number, answer: Promise<Uint8Array>): void {
    this.answers.set(number, answer);
    const oldest = this.answers.keys().next().value;
    if (this.answers.size > ANSWERS_MAX && oldest !== undefined) this.answers.delete(oldest);
    answer.then(({ length }) => {
      if (length > ANSWER_BYTES_MAX) this.answers.delete(number);
    });
  }
}
