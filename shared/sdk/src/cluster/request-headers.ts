/**
 * Headers of a raw request. What is forged or malformed is refused before anything happens; names count whatever their case.
 *
 *   Skep-Op        a UUIDv7: the call takes effect once within the window of operations
 *   Skep-Session   `<id> <number> <acknowledged>`: a call of a session, numbered densely from 1 for each agent
 *   Skep-Version   refuse unless the agent is at this version
 *   Skep-Deadline  milliseconds to wait for the answer
 *   Skep-Clock     a hybrid clock; one too far ahead is refused
 *   traceparent    (W3C) becomes the correlation of what the call causes; one that is not valid is left alone, as its specification asks
 */
import { CLOCK_ZERO, LIMITS, parseClock, parseOperationId, receive, SkepError } from '@skep/kernel';
import type { ReplySlot } from '@skep/protocol';

export interface RequestHeaders {
  readonly contentType: string | undefined;
  readonly slot: ReplySlot | undefined;
  readonly expectedVersion: number | undefined;
  readonly deadlineMs: number;
  readonly correlation: string | undefined;
}

export const DEADLINE_MS = 30_000;
export const DEADLINE_MS_MAX = 3_600_000;
const KNOWN = ['Skep-Op', 'Skep-Session', 'Skep-Version', 'Skep-Deadline', 'Skep-Clock'] as const;
const SESSION = /^(\S{1,128}) (\d{1,16}) (\d{1,16})$/;
const TRACE = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** @throws SkepError `invalid-input`, `invalid-id`, `malformed` */
export function readHeaders(headers: ReadonlyMap<string, string>, nowMs: number): RequestHeaders {
  const found = byLowerName(headers);
  const clock = found.get('skep-clock');
  if (clock !== undefined) receive(CLOCK_ZERO, parseClock(clock), nowMs);
  const version = found.get('skep-version');
  const deadline = found.get('skep-deadline');
  const trace = found.get('traceparent');
  return {
    contentType: found.get('content-type'),
    slot: slotOf(found.get('skep-op'), found.get('skep-session')),
    expectedVersion: version === undefined ? undefined : wholeNumber('Skep-Version', version),
    deadlineMs: deadline === undefined ? DEADLINE_MS : deadlineOf(deadline),
    correlation: trace !== undefined && TRACE.test(trace) ? trace : undefined,
  };
}

/** The content type alone, for requests whose other headers are refused. */
export function contentTypeOf(headers: ReadonlyMap<string, string>): string | undefined {
  for (const [name, text] of headers) if (name.toLowerCase() === 'content-type') return text;
  return undefined;
}

function byLowerName(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, text] of headers) {
    const lower = name.toLowerCase();
    if (!lower.startsWith('skep-')) {
      if (!found.has(lower)) found.set(lower, text);
      continue;
    }
    if (!KNOWN.some((known) => known.toLowerCase() === lower)) {
      throw refused(`clients send no header ${name.slice(0, 64)}`, name, `Send only ${KNOWN.join(', ')}.`);
    }
    if (found.has(lower)) throw refused(`the header ${name} stands there twice`, name, 'Send it once.');
    found.set(lower, text);
  }
  return found;
}

function slotOf(operation: string | undefined, session: string | undefined): ReplySlot | undefined {
  if (operation !== undefined && session !== undefined) {
    throw refused('a call carries either Skep-Op or Skep-Session', 'Skep-Op', 'Leave one of them out.');
  }
  if (operation !== undefined) return { kind: 'operation', id: parseOperationId(operation).id };
  return session === undefined ? undefined : sessionOf(session);
}

function sessionOf(session: string): ReplySlot {
  const [, id, number, acknowledged] = SESSION.exec(session) ?? [];
  if (id === undefined || number === undefined || acknowledged === undefined || new TextEncoder().encode(id).length > LIMITS.idBytes) {
    throw refused('Skep-Session cannot be read', 'Skep-Session', 'Send `<id> <number> <acknowledged>`, the id without spaces.');
  }
  const slot = { kind: 'session', id, number: wholeNumber('Skep-Session', number), acknowledged: wholeNumber('Skep-Session', acknowledged) } as const;
  if (slot.number === 0 || slot.acknowledged >= slot.number) {
    throw refused('a session numbers its calls from 1, and acknowledges earlier ones', 'Skep-Session', 'Count the calls of each agent from 1.');
  }
  return slot;
}

function deadlineOf(text: string): number {
  const ms = wholeNumber('Skep-Deadline', text);
  if (ms >= 1 && ms <= DEADLINE_MS_MAX) return ms;
  throw refused(`Skep-Deadline is from 1 to ${DEADLINE_MS_MAX} ms`, 'Skep-Deadline', 'Wait less, or ask again.');
}

function wholeNumber(header: string, text: string): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw refused(`${header} takes whole numbers from 0`, header, 'Correct the header.');
}

function refused(message: string, id: string, remedy: string): SkepError {
  return new SkepError('invalid-input', { message, id: id.slice(0, 64), remedy });
}
