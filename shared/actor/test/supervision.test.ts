import { SkepError } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SUPERVISION, type Failures, NO_FAILURES, supervise } from '../src/index.js';
import { superviseRefusal } from '../src/supervision.js';

const policy = { ...DEFAULT_SUPERVISION, attemptsMax: 4, backoffMs: 100, backoffMsMax: 250, failuresMax: 5, windowMs: 1_000 };

describe('O5: supervision', () => {
  it('tries a message again with growing pauses, up to a longest one, then sets it aside', () => {
    let failures: Failures = NO_FAILURES;
    const directives = [0, 1, 2, 3].map((nowMs) => {
      const verdict = supervise(policy, failures, 'message', nowMs);
      failures = verdict.failures;
      return verdict.directive;
    });
    expect(directives).toEqual([
      { kind: 'retry', afterMs: 100 },
      { kind: 'retry', afterMs: 200 },
      { kind: 'retry', afterMs: 250 },
      { kind: 'set-aside' },
    ]);
    expect(failures).toEqual({ recentMs: [0, 1, 2, 3], attempts: 0 });
  });

  it('quarantines after too many failures within the window, and forgets older ones', () => {
    let failures: Failures = NO_FAILURES;
    const kinds = [0, 1, 2, 3, 4, 1_001, 1_002, 1_003, 1_004, 1_005, 1_006].map((nowMs) => {
      const verdict = supervise(policy, failures, 'call', nowMs);
      failures = verdict.failures;
      return verdict.directive.kind;
    });
    expect(kinds).toEqual([...Array.from({ length: 10 }, () => 'reply'), 'quarantine']);
    expect(failures).toBe(NO_FAILURES);
  });

  it('does what the kind says at the first failure', () => {
    const first = (onFailure: 'resume' | 'stop' | 'escalate', what: 'call' | 'message') =>
      supervise({ ...policy, onFailure }, NO_FAILURES, what, 0).directive.kind;
    expect([first('resume', 'message'), first('resume', 'call'), first('stop', 'call'), first('escalate', 'message')]).toEqual([
      'set-aside',
      'reply',
      'stop',
      'escalate',
    ]);
  });

  it('counts no refusal: for good is set aside, for now is tried again, for slow receivers without end', () => {
    const refuse = (code: 'invalid-input' | 'agent-suspended' | 'outbox-full', attempts: number) =>
      superviseRefusal(policy, { recentMs: [1], attempts }, new SkepError(code, { message: 'no' }));
    expect(refuse('invalid-input', 0)).toEqual({ failures: { recentMs: [1], attempts: 0 }, directive: { kind: 'set-aside' } });
    expect(refuse('agent-suspended', 0)).toEqual({ failures: { recentMs: [1], attempts: 1 }, directive: { kind: 'retry', afterMs: 100 } });
    expect(refuse('agent-suspended', 3).directive.kind).toBe('set-aside');
    expect(refuse('outbox-full', 2_000).directive).toEqual({ kind: 'retry', afterMs: 250 });
  });
});
