/**
 * The journal of one turn that awaits: steps and asks whose results are recorded, so that a turn that a crash interrupted runs again
 * from its start and gets the recorded results (notes of the lane protocol, section 3).
 *
 *   fresh --first step--> begun (recorded) --each step--> step (recorded) ... --> the turn's record ends it
 *
 * J1 A step runs only after everything before it is acknowledged (L6): it may touch the outside world.
 * J2 A step is known by its name and occurrence. A resumed turn that ends without having asked for a recorded step has diverged.
 * J3 Once the turn is over, nothing is run or recorded any more.
 * J4 An ask is journalled with its time before it is sent: a resumed turn asks under the same operation id, and one that lasts for hours
 *    never asks under an id that its receiver holds for too old.
 */
import { type ErrorCode, isSkepError, normalize, SkepError, type Value } from '@skep/kernel';
import type { StepOutcome, StepRecord } from '@skep/protocol';
import type { StepInfo } from './context.js';

/** What the journal needs of the turn that it belongs to. */
export interface JournalHost {
  readonly stepsMax: number;
  nowMs(): number;
  /** Writes the `begun` record, once. */
  begin(): void;
  record(name: string, occurrence: number, outcome: StepOutcome): void;
  /** Resolves when everything written so far is acknowledged. */
  settled(): Promise<void>;
  /** The turn makes progress: its deadline starts again. */
  progress(): void;
  pause(ms: number): Promise<void>;
  /** Throws once the turn is over. */
  checkLive(): void;
  effectId(name: string, occurrence: number): string;
  /** The id of the call that an ask makes. */
  askId(name: string, occurrence: number, atMs: number): string;
  readonly signal: AbortSignal;
}

/** Refusals that come before it is known whether the same operation ran earlier. */
const SAYS_NOTHING: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'elsewhere',
  'disk-full',
  'mailbox-full',
  'overloaded',
  'sealed',
  'timeout',
  'outcome-unknown',
]);
const ASK_AGAIN_MS = 20;
const ASK_AGAIN_MS_MAX = 2_000;

interface Noted {
  readonly name: string;
  readonly occurrence: number;
  readonly outcome: StepOutcome;
}

export class Journal {
  private readonly recorded = new Map<string, StepOutcome>();
  private readonly occurrences = new Map<string, number>();
  private readonly unasked = new Set<string>();
  /** Results that nobody needs unless the turn begins to be journalled. */
  private buffered: Noted[] = [];
  private begun: boolean;
  private count = 0;
  private running = 0;

  constructor(
    private readonly host: JournalHost,
    resumed: readonly StepRecord[] | undefined,
  ) {
    this.begun = resumed !== undefined;
    for (const { name, occurrence, outcome } of resumed ?? []) {
      const key = keyOf(name, occurrence);
      this.recorded.set(key, outcome);
      this.unasked.add(key);
    }
  }

  /** True once the turn will be resumed after a crash. */
  get durable(): boolean {
    return this.begun;
  }

  /** False while a step or an ask is under way. */
  get idle(): boolean {
    return this.running === 0;
  }

  async step<Result>(name: string, run: (info: StepInfo) => Result | Promise<Result>): Promise<Result> {
    const occurrence = this.next(name);
    const known = this.take(name, occurrence);
    if (known !== undefined) return resultOf(known) as Result;
    this.begin();
    await this.host.settled();
    this.host.checkLive();
    const outcome = await this.outcomeOf(name, async () => run({ id: this.host.effectId(name, occurrence), signal: this.host.signal }));
    return resultOf(this.ended({ name, occurrence, outcome })) as Result;
  }

  /** An ask. `effect`: what is asked may change something, so it is journalled before it is sent. */
  async ask(name: string, effect: 'effect' | 'query', run: (operation: string) => Promise<Value>): Promise<Value> {
    const occurrence = this.next(name);
    const known = this.take(name, occurrence);
    const askedMs = this.take(intentOf(name), occurrence);
    if (known !== undefined) return resultOf(known);
    const operation = effect === 'effect' ? this.operationFor(name, occurrence, askedMs) : '';
    const outcome = await this.outcomeOf(name, () => (askedMs === undefined ? run(operation) : this.untilAnswered(() => run(operation))));
    return resultOf(this.ended({ name, occurrence, outcome }));
  }

  /** Recorded steps whose names begin so will not be asked for, but for those that begin with `kept`. */
  forget(start: string, kept?: string): void {
    for (const key of this.unasked) if (key.startsWith(start) && (kept === undefined || !key.startsWith(kept))) this.unasked.delete(key);
  }

  /** @throws SkepError `turn-diverged` */
  end(): void {
    for (const key of this.unasked) {
      throw new SkepError('turn-diverged', { message: `the resumed turn ended without asking for the recorded step ${key}`, id: key });
    }
  }

  /**
   * An ask that was sent before a crash may have taken effect. Who cannot answer for now does not say that it has not: recorded as the
   * outcome, that would make the turn fail and its caller try again, and the effect would take place twice (G4).
   */
  private async untilAnswered(run: () => Promise<Value>): Promise<Value> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await run();
      } catch (error) {
        if (!isSkepError(error) || !SAYS_NOTHING.has(error.code)) throw error;
        await this.host.pause(Math.min(ASK_AGAIN_MS * 2 ** (attempt - 1), ASK_AGAIN_MS_MAX));
        this.host.checkLive();
      }
    }
  }

  private operationFor(name: string, occurrence: number, recorded: StepOutcome | undefined): string {
    this.begin();
    let atMs = recorded?.kind === 'value' ? (recorded.value as number) : undefined;
    if (atMs === undefined) {
      atMs = this.host.nowMs();
      this.host.record(intentOf(name), occurrence, { kind: 'value', value: atMs });
    }
    return this.host.askId(name, occurrence, atMs);
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.host.begin();
    for (const noted of this.buffered) this.write(noted);
    this.buffered = [];
  }

  /** The outcome as it is kept: one that is too large to be kept becomes an error, now and whenever the turn is resumed. */
  private ended(noted: Noted): StepOutcome {
    this.host.checkLive();
    const kept = this.begun ? this.write(noted) : noted.outcome;
    if (!this.begun) this.buffered.push(noted);
    this.host.progress();
    return kept;
  }

  private write({ name, occurrence, outcome }: Noted): StepOutcome {
    try {
      this.host.record(name, occurrence, outcome);
      return outcome;
    } catch (error) {
      if (!isSkepError(error, 'payload-too-large')) throw error;
      const refused: StepOutcome = { kind: 'error', code: error.code, message: `the result of ${name} is too large to be kept: ${error.message}` };
      this.host.record(name, occurrence, refused);
      return refused;
    }
  }

  /** A step that throws has a result, too: a resumed turn meets the same error. */
  private async outcomeOf(name: string, run: () => unknown): Promise<StepOutcome> {
    let result: unknown;
    this.running += 1;
    try {
      result = await run();
    } catch (error) {
      return { kind: 'error', code: isSkepError(error) ? error.code : 'handler-failed', message: messageOf(error) };
    } finally {
      this.running -= 1;
    }
    if (result === undefined) return { kind: 'value', value: null };
    try {
      return { kind: 'value', value: normalize(result) };
    } catch (error) {
      return { kind: 'error', code: 'invalid-value', message: `step ${name}: ${messageOf(error)}` };
    }
  }

  private next(name: string): number {
    this.host.checkLive();
    this.count += 1;
    if (this.count > this.host.stepsMax) {
      throw new SkepError('overloaded', {
        message: `a turn takes at most ${this.host.stepsMax} steps`,
        id: name,
        remedy: 'Split the work into several turns.',
      });
    }
    const occurrence = (this.occurrences.get(name) ?? 0) + 1;
    this.occurrences.set(name, occurrence);
    return occurrence;
  }

  private take(name: string, occurrence: number): StepOutcome | undefined {
    const key = keyOf(name, occurrence);
    this.unasked.delete(key);
    return this.recorded.get(key);
  }
}

function keyOf(name: string, occurrence: number): string {
  return `${name}#${occurrence}`;
}

function intentOf(name: string): string {
  return `intent to ${name}`;
}

/** A copy: what the handler does to a result must not change what is kept of it. */
function resultOf(outcome: StepOutcome): Value {
  if (outcome.kind === 'error') throw new SkepError(outcome.code as SkepError['code'], { message: outcome.message });
  return typeof outcome.value === 'object' ? normalize(outcome.value) : outcome.value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
