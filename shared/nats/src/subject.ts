/** Subjects, patterns and keys: tokens joined by `.` (keys: by `/`); in a pattern `*` stands for one token and a final `>` for one or more. */
import { SkepError } from '@skep/kernel';

const SUBJECT = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;
const PATTERN = /^(?:[^\s.*>]+|\*)(?:\.(?:[^\s.*>]+|\*))*(?:\.>)?$|^>$/;
const KEY = /^[a-z0-9_=-]+(?:\/[a-z0-9_=-]+)*$/;
/** The root of what clients send; its second token is their tenant. */
const CLIENTS = 'skep.';
const ANSWERS = '_INBOX.';
/** Operators may ask in every tenant's name. No tenant has this token: those are in small letters. */
const OPERATORS = '_INBOX.OPERATOR.';

/** @throws SkepError `invalid-input` for an empty token, white space, or a wildcard */
export function checkSubject(subject: string): void {
  if (!SUBJECT.test(subject)) throw refused(subject, 'a subject is made of non-empty tokens without wildcards');
}

/** @throws SkepError `invalid-input` */
export function checkPattern(pattern: string): void {
  if (!PATTERN.test(pattern)) throw refused(pattern, 'a pattern is made of tokens, "*", and ">" only as its last');
}

/** A lane or registry key as tokens of a subject. @throws SkepError `invalid-input` */
export function tokensOf(key: string): string {
  if (!KEY.test(key)) throw refused(key, 'a key is made of escaped tokens joined by "/"');
  return key.replaceAll('/', '.');
}

export function keyOf(tokens: string): string {
  return tokens.replaceAll('.', '/');
}

/**
 * Where the answer to a message may go: an inbox, and for what a tenant's client sent only an inbox of that tenant or of an operator.
 * Otherwise a client could make a node publish what it may not publish itself.
 */
export function mayAnswer(subject: string, reply: string): boolean {
  if (!reply.startsWith(ANSWERS) || !SUBJECT.test(reply)) return false;
  if (!subject.startsWith(CLIENTS) || reply.startsWith(OPERATORS)) return true;
  const end = subject.indexOf('.', CLIENTS.length);
  return end > 0 && reply.startsWith(`${ANSWERS}${subject.slice(CLIENTS.length, end)}.`);
}

function refused(subject: string, why: string): SkepError {
  return new SkepError('invalid-input', { message: why, id: subject.slice(0, 128), remedy: 'Correct the subject.' });
}
