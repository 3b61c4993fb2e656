/**
 * The journal of one turn that awaits: steps and asks whose results are recorded, so that a turn that a crash interrupted runs again
 * from its start and gets the recorded results (notes of the lane protocol, section 3).
 *
 *   fresh --first step--> begun (recorded) --each step--> step (recorded) ... --> the turn's record ends it
 *
 * J1 A step runs only after everything before it is acknowledged (L6): it may touch the outside world.
 * J2 A step is known by its name and occurrence. A resumed turn that ends without having asked for a recorded step has diverged.
 */
import { LIMITS, normalize, SkepError, type Value } from '@skep/kernel';
import type { StepOutcome, StepRecord } from '@skep/protocol';
import type { StepInfo } from './context.js';

/** What the journal needs of the turn that it belongs to. */
export interface JournalHost {
  /** Writes the `begun` record, once. */
  begin(): void;
  record(name: string, occurrence: number, outcome: StepOutcome): StepRecord;
  /** Resolves when everything written so far is acknowledged. */
  settled(): Promise<void>;
  /** The turn makes progress: its deadline starts again. */
  progress(): void;
  effectId(name: string, occurrence: number): string;
  readonly signal: AbortSignal;
}

interface Buffered {
  readonly name: string;
  readonly occurrence: number;
  readonly outcome: StepOutcome;
}

export class Journal {
  private readonly recorded = new Map<string, StepOutcome>();
  private readonly occurrences = new Map<string, number>();
  private readonly unasked = new Set<string>();
  /** Results that nobody needs unless the turn begins to be journalled. */
  private buffered: Buffered[] = [];
  private begun: boolean;
  private count = 0;

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

  async step<Result>(name: string, run: (info: StepInfo) => Result | Promise<Result>): Promise<Result> {
    const occurrence = this.next(name);
    const known = this.take(name, occurrence);
    if (known !== undefined) return resultOf(known) as Result;
    this.begin();
    await this.host.settled();
    const outcome = await outcomeOf(async () => run({ id: this.host.effectId(name, occurrence), signal: this.host.signal }), name);
    this.host.signal.throwIfAborted();
    this.host.record(name, occurrence, outcome);
    this.host.progress();
    return resultOf(outcome) as Result;
  }

  /** An ask. `effect`: what is asked may change something, so it is journalled before it is sent. */
  async ask(name: string, effect: 'effect' | 'query', run: (operation: string) => Promise<Value>): Promise<Value> {
    const occurrence = this.next(name);
    const known = this.take(name, occurrence);
    if (known !== undefined) return resultOf(known);
    if (effect === 'effect') this.begin();
    const outcome = await outcomeOf(() => run(this.host.effectId(name, occurrence)), name);
    this.host.signal.throwIfAborted();
    if (this.begun) this.host.record(name, occurrence, outcome);
    else this.buffered.push({ name, occurrence, outcome });
    this.host.progress();
    return resultOf(outcome);
  }

  /** @throws SkepError `turn-diverged` */
  end(): void {
    for (const key of this.unasked) {
      throw new SkepError('turn-diverged', { message: `the resumed turn ended without asking for the recorded step ${key}`, id: key });
    }
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.host.begin();
    for (const { name, occurrence, outcome } of this.buffered) this.host.record(name, occurrence, outcome);
    this.buffered = [];
  }

  private next(name: string): number {
    this.host.signal.throwIfAborted();
    this.count += 1;
    if (this.count > LIMITS.stepsPerTurn) {
      throw new SkepError('overloaded', {
        message: `a turn takes at most ${LIMITS.stepsPerTurn} steps`,
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

/** A step that throws has a result, too: a resumed turn meets the same error. */
async function outcomeOf(run: () => unknown, name: string): Promise<StepOutcome> {
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    const code = error instanceof Error && error.name === 'SkepError' ? (error as SkepError).code : 'handler-failed';
    return { kind: 'error', code, message: error instanceof Error ? error.message : String(error) };
  }
  if (result === undefined) return { kind: 'value', value: null };
  try {
    return { kind: 'value', value: normalize(result) };
  } catch (error) {
    return { kind: 'error', code: 'invalid-value', message: `step ${name}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function resultOf(outcome: StepOutcome): Value {
  if (outcome.kind === 'value') return outcome.value;
  throw new SkepError(outcome.code as SkepError['code'], { message: outcome.message });
}
