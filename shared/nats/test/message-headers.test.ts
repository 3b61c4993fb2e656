import { describe, expect, it } from 'vitest';
import { HEADER_BYTES_MAX, HEADERS_MAX, parseHeaders } from '../src/message-headers.js';
import { bytesOf } from './ports-kit.js';

const parsed = (block: string) => [...parseHeaders(bytesOf(block), 'a.subject')];

describe('U10 G13: headers of messages', () => {
  it('are names and values; several of one name are joined', () => {
    expect(parsed('NATS/1.0\r\nSkep-Op: o-1\r\ntraceparent:00-a\r\n\r\n')).toEqual([
      ['Skep-Op', 'o-1'],
      ['traceparent', '00-a'],
    ]);
    expect(parsed('NATS/1.0\r\nA: 1\r\na: 2\r\nA:  3 \r\n\r\n')).toEqual([
      ['A', '1, 3'],
      ['a', '2'],
    ]);
    expect(parsed('NATS/1.0 503 No Responders\r\n\r\n')).toEqual([]);
    expect(parsed('NATS/1.0\r\nempty:\r\nlink: nats://x:4222\r\n\r\n')).toEqual([
      ['empty', ''],
      ['link', 'nats://x:4222'],
    ]);
    expect(parsed('')).toEqual([]);
  });

  it.each([
    ['a name with blanks', 'NATS/1.0\r\na b: 1\r\n\r\n'],
    ['a name of other letters', 'NATS/1.0\r\nSkëp: 1\r\n\r\n'],
    ['no name', 'NATS/1.0\r\n: 1\r\n\r\n'],
    ['no colon', 'NATS/1.0\r\nSkep-Op\r\n\r\n'],
    ['too many', `NATS/1.0\r\n${'a: 1\r\n'.repeat(HEADERS_MAX + 1)}\r\n`],
    ['too long', `NATS/1.0\r\na: ${'1'.repeat(HEADER_BYTES_MAX)}\r\n\r\n`],
  ])('with %s are refused as a whole', (_, block) => {
    expect(() => parsed(block)).toThrow(expect.objectContaining({ code: 'malformed', id: 'a.subject' }));
  });

  it('as many as may be are read', () => {
    expect(parsed(`NATS/1.0\r\n${Array.from({ length: HEADERS_MAX }, (_, at) => `a${at}: 1\r\n`).join('')}\r\n`)).toHaveLength(HEADERS_MAX);
  });
});
