/**
 * Errors: one class, one table. Whatever is refused says what happened, to which id, and what to do (guarantee G13).
 */

interface ErrorRow {
  /** HTTP status that a gateway answers with. */
  readonly status: number;
  /** `no`: the same call fails again. `later`: it may succeed after a while. `same-operation`: only under the same operation id. */
  readonly retry: 'no' | 'later' | 'same-operation';
  /** Who may see the message as it is; others see only code and remedy. */
  readonly audience: 'client' | 'operator';
  /** What to do, when the thrower knows nothing better. */
  readonly remedy: string;
}

const row = (status: number, retry: ErrorRow['retry'], audience: ErrorRow['audience'], remedy: string): ErrorRow => ({
  status,
  retry,
  audience,
  remedy,
});

export const ERRORS = {
  'invalid-value': row(400, 'no', 'client', 'Send only JSON-like values: objects, lists, strings, finite numbers, booleans, null, bytes and dates.'),
  'invalid-id': row(400, 'no', 'client', 'Use 1 to 128 bytes of well-formed text.'),
  'invalid-input': row(400, 'no', 'client', 'Send what the schema of the method asks for.'),
  'invalid-state': row(422, 'no', 'client', 'The handler left a state that the schema of the kind refuses; correct the handler or the schema.'),
  'invalid-path': row(400, 'no', 'client', 'Name a path that exists in the state, as a list of keys and indexes.'),
  malformed: row(400, 'no', 'client', 'Send canonical MessagePack or JSON.'),
  'unsupported-format': row(409, 'no', 'operator', 'The data was written by a newer Skep; upgrade this one.'),
  'payload-too-large': row(413, 'no', 'client', 'Send less, or store the large value outside and send its address.'),
  forbidden: row(403, 'no', 'client', 'Ask for what belongs to your own tenant.'),
  'unknown-kind': row(404, 'no', 'client', 'List the kind in skep.config.ts; `skep agent ls --kinds` shows those that are loaded.'),
  'unknown-method': row(404, 'no', 'client', 'Call a handler or query that the kind defines.'),
  'unknown-agent': row(404, 'no', 'client', 'Create the agent first, or check its id.'),
  'unknown-version': row(404, 'no', 'client', 'Ask for a version between 0 and the current one.'),
  'unknown-checkpoint': row(404, 'no', 'client', 'List the checkpoints of the agent with its history.'),
  'unknown-superposition': row(404, 'no', 'client', 'List the superpositions of the agent and their branches.'),
  'superposition-over': row(409, 'no', 'client', 'It was collapsed already; create another one, or undo the collapse.'),
  'branch-failed': row(409, 'no', 'client', "A failed branch never reaches the agent's state; choose another one, or try again."),
  'undo-expired': row(410, 'no', 'client', 'The grace period is over; restore an older version instead.'),
  'agent-exists': row(409, 'no', 'client', 'Choose another id, or use the agent that is there.'),
  'agent-suspended': row(409, 'later', 'client', 'Resume the agent first.'),
  'agent-stopped': row(409, 'later', 'client', 'The supervisor stopped the agent after failures; look at its log, then resume it.'),
  'agent-quarantined': row(423, 'later', 'client', 'The agent failed too often; look at its log, then resume it.'),
  'agent-terminated': row(410, 'no', 'client', 'The agent was terminated; its history stays readable. Create another one.'),
  'agent-corrupt': row(500, 'no', 'operator', 'Nothing of this agent is served until its log is repaired; run `skep doctor`.'),
  'version-conflict': row(409, 'no', 'client', 'Read the state again and decide anew.'),
  'mailbox-full': row(429, 'later', 'client', 'Send more slowly, or retry after a pause.'),
  'outbox-full': row(429, 'later', 'client', 'Wait until the receivers took what was sent.'),
  overloaded: row(503, 'later', 'client', 'Retry after a pause.'),
  'operation-conflict': row(409, 'no', 'client', 'An operation id stands for one body; use a new id for another call.'),
  'operation-too-old': row(410, 'no', 'client', 'Read the state to learn whether the operation took effect; then use a new id.'),
  'handler-failed': row(500, 'no', 'client', 'Correct the handler or the input; nothing was changed.'),
  'turn-timeout': row(
    504,
    'no',
    'client',
    'Make the handler settle in time or raise its deadline; the state is unchanged, but steps and asks may have taken effect.',
  ),
  'turn-diverged': row(500, 'no', 'client', 'The handler asked for other steps than it had recorded; keep code that has turns under way unchanged.'),
  'turn-cancelled': row(409, 'no', 'client', 'The turn was cancelled; nothing was changed.'),
  'call-cycle': row(409, 'no', 'client', 'Send a message instead of asking, or break the cycle.'),
  'effect-outcome-unknown': row(500, 'no', 'client', 'Find out whether the effect took place, then decide anew.'),
  timeout: row(504, 'same-operation', 'client', 'Retry under the same operation id.'),
  'outcome-unknown': row(504, 'same-operation', 'client', 'Retry under the same operation id.'),
  unavailable: row(503, 'later', 'client', 'Retry after a pause.'),
  elsewhere: row(421, 'later', 'operator', 'Another node holds the agent; ask again, and the call goes there.'),
  sealed: row(503, 'same-operation', 'operator', 'The node was fenced and comes back by itself.'),
  'disk-full': row(507, 'later', 'operator', 'Free some space; the work goes on by itself.'),
  'read-only': row(507, 'no', 'operator', 'Make the data folder writable for this user.'),
  corrupt: row(500, 'no', 'operator', 'Restore the data from a copy; run `skep doctor` to see the extent.'),
  'folder-held': row(423, 'later', 'operator', 'Stop the process that holds the folder, or work through it.'),
  'name-taken': row(409, 'no', 'operator', 'Stop one of the two processes, or give one of them a name of its own.'),
  'not-configured': row(400, 'no', 'client', 'Give the option or set the variable.'),
  closed: row(503, 'no', 'client', 'Open it again.'),
  internal: row(500, 'no', 'operator', 'This is a bug in Skep; please report it with the message.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** What happened. */
  readonly message: string;
  /** To which agent, operation, lane, file ... */
  readonly id?: string;
  /** What to do; the table's text when left out. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** The shape of an error on every wire and in every `--json` output. */
export interface ErrorShape {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly id: string | null; readonly remedy: string };
}

export class SkepError extends Error {
  override readonly name = 'SkepError';
  readonly id: string | undefined;
  readonly remedy: string;

  constructor(
    readonly code: ErrorCode,
    details: ErrorDetails,
  ) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.id = details.id;
    this.remedy = details.remedy ?? ERRORS[code].remedy;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retry(): ErrorRow['retry'] {
    return ERRORS[this.code].retry;
  }

  toJSON(): ErrorShape {
    return { error: { code: this.code, message: this.message, id: this.id ?? null, remedy: this.remedy } };
  }
}

/** True for a SkepError, of this copy of the package or another, with that code if one is given. */
export function isSkepError(error: unknown, code?: ErrorCode): error is SkepError {
  return error instanceof Error && error.name === 'SkepError' && (code === undefined || (error as SkepError).code === code);
}

/** The error as it is if it is one of ours, else wrapped as `internal`. */
export function toSkepError(error: unknown): SkepError {
  if (isSkepError(error)) return error;
  return new SkepError('internal', { message: error instanceof Error ? error.message : String(error), cause: error });
}

/** Rebuilds the error that `toJSON` wrote; an unknown code becomes `internal`. */
export function fromErrorShape(shape: ErrorShape): SkepError {
  const { code, message, id, remedy } = shape.error;
  return new SkepError(Object.hasOwn(ERRORS, code) ? code : 'internal', { message, remedy, ...(id === null ? {} : { id }) });
}

/** A bug was met: states that cannot be. The actor or node that throws it dies; nothing made up is served. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new SkepError('internal', { message });
}

export function assertNever(value: never): never {
  throw new SkepError('internal', { message: `unexpected value: ${JSON.stringify(value)}` });
}
