/**
 * What is done about an agent whose handler fails. A failed turn has changed nothing, so the question is only what comes next. Pure.
 *
 *   call fails      -> the caller gets the error; the failure counts
 *   message fails   -> `restart`: after a pause the message is tried again, `attemptsMax` times, then set aside with an error event
 *                      `resume`:  set aside at once
 *   too many within the window, or `stop` / `escalate` -> stopped or quarantined until `resume` is commanded
 */
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

/** What follows a failure at `nowMs` of a call (somebody waits for the error) or of a message (nobody does). */
export function supervise(
  policy: Supervision,
  before: Failures,
  what: 'call' | 'message',
  nowMs: number,
): { readonly failures: Failures; readonly directive: Directive } {
  const recentMs = [...before.recentMs.filter((time) => time > nowMs - policy.windowMs), nowMs];
  const attempts = before.attempts + 1;
  const failures = { recentMs, attempts };
  if (recentMs.length > policy.failuresMax) return { failures: NO_FAILURES, directive: { kind: 'quarantine' } };
  if (policy.onFailure === 'stop') return { failures: NO_FAILURES, directive: { kind: 'stop' } };
  if (policy.onFailure === 'escalate') return { failures: NO_FAILURES, directive: { kind: 'escalate' } };
  if (what === 'call') return { failures: { recentMs, attempts: 0 }, directive: { kind: 'reply' } };
  if (policy.onFailure === 'resume' || attempts >= policy.attemptsMax)
    return { failures: { recentMs, attempts: 0 }, directive: { kind: 'set-aside' } };
  return { failures, directive: { kind: 'retry', afterMs: Math.min(policy.backoffMsMax, policy.backoffMs * 2 ** (attempts - 1)) } };
}
