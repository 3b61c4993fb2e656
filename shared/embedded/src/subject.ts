/** Subjects and patterns: tokens joined by `.`; in a pattern `*` stands for one token and a final `>` for one or more. */
import { SkepError } from '@skep/kernel';

/** @throws SkepError `invalid-input` for an empty token, or a wildcard where none may stand */
export function checkSubject(subject: string): void {
  for (const token of subject.split('.')) {
    if (token === '' || token === '*' || token === '>') throw refused(subject, 'a subject is made of non-empty tokens without wildcards');
  }
}

/** The tokens of a pattern. @throws SkepError `invalid-input` */
export function parsePattern(pattern: string): readonly string[] {
  const tokens = pattern.split('.');
  for (const [at, token] of tokens.entries()) {
    if (token === '') throw refused(pattern, 'a pattern has no empty tokens');
    if (token === '>' && at !== tokens.length - 1) throw refused(pattern, 'only the last token of a pattern may be ">"');
  }
  return tokens;
}

export function matches(pattern: readonly string[], subject: readonly string[]): boolean {
  for (const [at, token] of pattern.entries()) {
    if (token === '>') return subject.length > at;
    if (at >= subject.length || (token !== '*' && token !== subject[at])) return false;
  }
  return pattern.length === subject.length;
}

function refused(subject: string, why: string): SkepError {
  return new SkepError('invalid-input', { message: why, id: subject.slice(0, 128), remedy: 'Correct the subject.' });
}
