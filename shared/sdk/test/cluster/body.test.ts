import { decode, encode, toJson, type Value } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBody, encodeBody, errorForClients, formOf } from '../../src/cluster/body.js';
import { SkepError } from '../../src/index.js';

const utf8 = new TextEncoder();
const values = fc.jsonValue().filter((value) => {
  try {
    encode(value);
    return true;
  } catch {
    return false;
  }
}) as fc.Arbitrary<Value>;
/** Integers that, alone, are one byte that could begin a JSON text. */
const LOOKALIKES = [9, 10, 13, 32, 34, 45, ...Array.from({ length: 10 }, (_, at) => 48 + at), 91, 102, 110, 116, 123];

describe('Q11: JSON and MessagePack told apart', () => {
  it('every JSON text is taken for JSON', () => {
    fc.assert(
      fc.property(values, fc.constantFrom('', ' ', '\n\t', '\r\n  '), (value, space) => {
        const payload = utf8.encode(space + toJson(value));
        expect(formOf(payload, undefined)).toBe('json');
        expect(encode(decodeBody('json', payload))).toEqual(encode(value));
      }),
    );
  });

  it('every MessagePack value is taken for MessagePack, but for the lone integers that are named', () => {
    fc.assert(
      fc.property(values, (value) => {
        const isLookalike = LOOKALIKES.some((each) => each === value);
        expect(formOf(encode(value), undefined)).toBe(isLookalike ? 'json' : 'messagepack');
      }),
    );
    for (let number = 0; number < 256; number += 1) {
      expect(formOf(encode(number), undefined)).toBe(LOOKALIKES.includes(number) ? 'json' : 'messagepack');
      expect(formOf(encode(number), 'application/vnd.msgpack')).toBe('messagepack');
    }
  });

  it('answers come back as they were in both forms', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeBody('json', encodeBody('json', { value }))).toEqual(decode(encode({ value })));
        expect(decodeBody('messagepack', encodeBody('messagepack', { value }))).toEqual(decode(encode({ value })));
      }),
    );
  });

  it('G13: whatever bytes come, they are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (payload) => {
        const form = formOf(payload, undefined);
        if (form === 'unknown') throw new Error('without a content type the form is always known');
        try {
          encode(decodeBody(form, payload));
        } catch (error) {
          expect(['malformed', 'invalid-value']).toContain((error as SkepError).code);
        }
      }),
    );
  });

  it('G10: what concerns operators alone shows its code and what to do, not what happened to whom', () => {
    expect(errorForClients(new Error('secret'))).toMatchObject({
      error: { code: 'internal', id: null, message: expect.not.stringContaining('secret') },
    });
    const elsewhere = new SkepError('elsewhere', { message: 'lane main/0/n2', id: 'red/tally/a' });
    expect(errorForClients(elsewhere)).toMatchObject({ error: { code: 'elsewhere', id: null, message: expect.not.stringContaining('n2') } });
    const told = new SkepError('unknown-agent', { message: 'there is no such agent', id: 'red/tally/a' });
    expect(errorForClients(told)).toMatchObject({ error: { id: 'red/tally/a', message: 'there is no such agent' } });
  });
});
