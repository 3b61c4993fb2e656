/**
 * What is done about an agent whose handler fails. A failed turn has changed nothing, so the question is only what comes next. Pure.
 *
 *   call fails      -> the caller gets the error; the failure counts
 *   message fails   -> `restart`: after a pause the message is tried again, `attemptsMax` times, then set aside with an error event
 *                      `resume`:  set aside at once
 *   too many within the window, or `stop` / `escalate` -> stopped or quarantined until `resume` is commanded
 *
 * A refusal (the handler or a limit says no: a 4xx code) is no failure: it does not count.
 *
 *   call refused    -> the caller gets the error
 *   message refused -> for good: set aside at once; for now: tried again as after a failure, then set aside;
 *                      because receivers are too slow (`outbox-full`): tried again until they have taken what was sent
 */
import type { SkepError } from '@skep/kernel';

export interface Supervision {
  readonly onFailure: 'restart' | 'resume' | 'stop' | 'escalate';
  /** How often one message is tried. */
  readonly attemptsMax: number;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** More failures than this within the window quarantine the agent. */
  readonly failuresMax: number;
  readonly windowMs: number;
  /** With `escalate`: who gets the message `agentFailed` with `{ agent, method, code, message }`. */
  readonly supervisor: { readonly kind: string; readonly name: string } | undefined;
}

export const DEFAULT_SUPERVISION: Supervision = {
  onFailure: 'restart',
  attemptsMax: 3,
  backoffMs: 100,
  backoffMsMax: 10_000,
  failuresMax: 50,
  windowMs: 60_000,
  supervisor: undefined,
};

export interface Failures {
  /** Times of recent failures, oldest first. */
  readonly recentMs: readonly number[];
  /** Failures of the message now at the head of the mailbox. */
  readonly attempts: number;
}

export const NO_FAILURES: Failures = { recentMs: [], attempts: 0 };

export type Directive =
  | { readonly kind: 'reply' }
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'set-aside' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'quarantine' }
  | { readonly kind: 'escalate' };

export interface Verdict {
  readonly failures: Failures;
  readonly directive: Directive;
}

/** What follows a failure at `nowMs` of a call (somebody waits for the error) or of a message (nobody does). */
export function supervise(policy: Supervision, before: Failures, what: 'call' | 'message', nowMs: number): Verdict {
  const recentMs = [...before.recentMs.filter((time) => time > nowMs - policy.windowMs), nowMs];
  const attempts = before.attempts + 1;
  if (recentMs.length > policy.failuresMax) return { failures: NO_FAILURES, directive: { kind: 'quarantine' } };
  if (policy.onFailure === 'stop') return { failures: NO_FAILURES, directive: { kind: 'stop' } };
  if (policy.onFailure === 'escalate') return { failures: NO_FAILURES, directive: { kind: 'escalate' } };
  if (what === 'call') return { failures: { recentMs, attempts: 0 }, directive: { kind: 'reply' } };
  if (policy.onFailure === 'resume' || attempts >= policy.attemptsMax)
    return { failures: { recentMs, attempts: 0 }, directive: { kind: 'set-aside' } };
  return { failures: { recentMs, attempts }, directive: { kind: 'retry', afterMs: backoffOf(policy, attempts) } };
}

/** What follows a refusal of a message; that of a call is always a reply. */
export function superviseRefusal(policy: Supervision, before: Failures, { code, retry }: Pick<SkepError, 'code' | 'retry'>): Verdict {
  const { recentMs } = before;
  const attempts = before.attempts + 1;
  const again = retry !== 'no' && attempts < policy.attemptsMax;
  // Setting the message aside would lose it for nothing but haste.
  if (!again && code !== 'outbox-full') return { failures: { recentMs, attempts: 0 }, directive: { kind: 'set-aside' } };
  return { failures: { recentMs, attempts }, directive: { kind: 'retry', afterMs: backoffOf(policy, attempts) } };
}

function backoffOf({ backoffMs, backoffMsMax }: Supervision, attempts: number): number {
  return Math.min(backoffMsMax, backoffMs * 2 ** (attempts - 1));
}
