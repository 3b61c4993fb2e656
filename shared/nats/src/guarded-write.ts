/**
 * A compare-and-set that knows its own writes again.
 *
 * Every message carries an id of the call that wrote it. When it is not clear whether a message was written (no answer, a conflict that may be our
 * own write, another one on its way), the stream itself is asked what came behind the expected sequence. If nothing did, the *same* message is
 * sent again: of all its copies the stream takes one at most, for the sequence that they expect exists once.
 *
 * - W1 `stored` and `conflict` are final. A conflict is told only when something else was found behind the expected sequence; or when the sequence
 *   expected is not there, by a confirmed read.
 * - W2 `unknown` is told when that could not be found out within the time that there is: a copy may still be on its way.
 * - W3 An error is thrown only if every copy that was sent was certainly not taken.
 */
import { isSkepError, SkepError, toSkepError } from '@skep/kernel';
import type { Clock } from '@skep/ports';
import { EXPECTED, type JetStream, type StoredMessage, type StoreOutcome, WRITE_ID } from './jetstream.js';

export interface GuardedWrite {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly expected: number;
  readonly id: string;
}

export type WriteResult = { readonly kind: 'stored'; readonly sequence: number } | { readonly kind: 'conflict'; readonly last: number };

export interface Looks {
  /** What lies directly behind the expected sequence, as the leader has it: final once there is something. And the subject's newest sequence. */
  behind(write: GuardedWrite): Promise<{ readonly first: StoredMessage; readonly last: number } | undefined>;
  /** The newest message of the subject, linearizable. */
  last(subject: string): Promise<StoredMessage | undefined>;
}

const PAUSE_MS = 2;
const PAUSE_MS_MAX = 100;

export class GuardedWriter {
  constructor(
    private readonly jetstream: Pick<JetStream, 'store' | 'answerMs'>,
    private readonly clock: Clock,
    private readonly looks: Looks,
    /** After this much time without an outcome a write is `outcome-unknown`. */
    private readonly settleMs: number,
  ) {}

  /** @throws SkepError `outcome-unknown`; `unavailable`, `disk-full`, `payload-too-large`, `read-only`: nothing was written */
  async write(write: GuardedWrite): Promise<WriteResult> {
    const untilMs = this.clock.monotonicMs() + this.settleMs;
    /** Why a copy may have been taken, or may be yet; undefined: none was. */
    let doubt: string | undefined;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#send(write);
      if (outcome.kind === 'stored') return outcome;
      if (outcome.kind === 'refused' && doubt === undefined) throw outcome.error;
      if (outcome.kind === 'unknown') doubt = outcome.why;
      if (outcome.kind === 'not-taken') {
        if (!outcome.soon && doubt === undefined) throw new SkepError('unavailable', { message: outcome.why, id: write.subject });
      } else {
        const found = await this.#look(write, outcome);
        if (found !== undefined && 'kind' in found) return found;
        if (found !== undefined) doubt = found.doubt;
      }
      if (this.clock.monotonicMs() >= untilMs) throw outOfTime(write, outcome, doubt);
      await this.#pause(Math.min(PAUSE_MS * 2 ** attempt, PAUSE_MS_MAX));
    }
  }

  #send({ subject, bytes, expected, id }: GuardedWrite): Promise<StoreOutcome> {
    const headers = { [EXPECTED]: `${expected}`, [WRITE_ID]: id };
    return this.jetstream.store({ subject, bytes, headers, timeoutMs: this.jetstream.answerMs });
  }

  /** Undefined: the subject is still where the write expects it. */
  async #look(write: GuardedWrite, outcome: StoreOutcome): Promise<WriteResult | { readonly doubt: string } | undefined> {
    try {
      const behind = await this.looks.behind(write);
      if (behind !== undefined) {
        const { first, last } = behind;
        return first.header(WRITE_ID) === write.id ? { kind: 'stored', sequence: first.sequence } : { kind: 'conflict', last };
      }
      if (outcome.kind !== 'wrong-last' || outcome.last >= write.expected) return undefined;
      // Either whoever answered is behind, or there never was such a sequence.
      const last = await this.looks.last(write.subject);
      return (last?.sequence ?? 0) < write.expected ? { kind: 'conflict', last: last?.sequence ?? 0 } : undefined;
    } catch (error) {
      if (isSkepError(error, 'internal')) throw error;
      // Nothing was found out. A refusal by whoever leads is none if somebody else may lead.
      return { doubt: toSkepError(error).message };
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(delayMs, resolve));
  }
}

function outOfTime({ subject }: GuardedWrite, outcome: StoreOutcome, doubt: string | undefined): SkepError {
  if (doubt !== undefined) return new SkepError('outcome-unknown', { message: `it is not known whether this was written: ${doubt}`, id: subject });
  if (outcome.kind === 'refused') return outcome.error;
  if (outcome.kind === 'not-taken') return new SkepError('unavailable', { message: outcome.why, id: subject });
  return new SkepError('outcome-unknown', { message: 'other writes to the same subject were on their way all the time', id: subject });
}
