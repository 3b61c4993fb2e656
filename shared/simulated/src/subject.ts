import { SkepError } from '@skep/kernel';

/** Throws `invalid-input` for a subject or pattern that NATS would refuse. */
export function checkTokens(text: string, what: 'subject' | 'pattern'): void {
  const tokens = text.split('.');
  for (const [at, token] of tokens.entries()) {
    const wild = token === '*' || token === '>';
    if (token === '' || (wild && what === 'subject') || (token === '>' && at !== tokens.length - 1)) {
      throw new SkepError('invalid-input', { message: `this is no ${what}`, id: text.slice(0, 128), remedy: 'Correct the subject.' });
    }
  }
}

/** `*` stands for one token, a final `>` for one or more. */
export function subjectMatches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  const wanted = pattern.split('.');
  const given = subject.split('.');
  for (const [at, token] of wanted.entries()) {
    if (token === '>') return given.length > at;
    if (given[at] === undefined || (token !== '*' && token !== given[at])) return false;
  }
  return wanted.length === given.length;
}
