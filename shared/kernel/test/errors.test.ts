import { assert, assertNever, ERRORS, type ErrorShape, fromErrorShape, isSkepError, LIMITS, SkepError, toSkepError } from '@skep/kernel';
import { expect, test } from 'vitest';

test('G13: an error comes back from its wire shape', () => {
  const error = new SkepError('unknown-agent', { message: 'no such agent', id: 'default/counter/a1' });
  const shape = JSON.parse(JSON.stringify(error)) as ErrorShape;
  expect(shape).toEqual({
    error: { code: 'unknown-agent', message: 'no such agent', id: 'default/counter/a1', remedy: ERRORS['unknown-agent'].remedy },
  });
  expect(fromErrorShape(shape).toJSON()).toEqual(shape);
  expect(fromErrorShape(shape).status).toBe(404);
  expect(fromErrorShape(shape).retry).toBe('no');
});

test('G13: an error without an id and with a remedy of its own comes back, too', () => {
  const shape = new SkepError('timeout', { message: 'm', remedy: 'r' }).toJSON();
  expect(shape.error).toEqual({ code: 'timeout', message: 'm', id: null, remedy: 'r' });
  expect(fromErrorShape(shape).toJSON()).toEqual(shape);
});

test('G13: a code that this version does not know becomes internal', () => {
  const shape = { error: { code: 'from-the-future', message: 'm', id: null, remedy: 'r' } } as unknown as ErrorShape;
  expect(fromErrorShape(shape).code).toBe('internal');
  expect(fromErrorShape({ error: { ...shape.error, code: 'toString' } } as unknown as ErrorShape).status).toBe(500);
});

test('G13: foreign errors are wrapped with their cause', () => {
  const cause = new TypeError('x is not a function');
  expect(toSkepError(cause)).toMatchObject({ code: 'internal', message: 'x is not a function', cause });
  expect(toSkepError('text').message).toBe('text');
  const own = new SkepError('closed', { message: 'm' });
  expect(toSkepError(own)).toBe(own);
});

test('errors are told by code, also those of another copy of the package', () => {
  const other = Object.assign(new Error('m'), { name: 'SkepError', code: 'closed' });
  expect(isSkepError(other)).toBe(true);
  expect(isSkepError(other, 'closed')).toBe(true);
  expect(isSkepError(other, 'timeout')).toBe(false);
  expect(isSkepError(new Error('m'))).toBe(false);
});

test('every code says what to do and has a status', () => {
  for (const row of Object.values(ERRORS)) {
    expect(row.remedy.length).toBeGreaterThan(10);
    expect(row.status).toBeGreaterThanOrEqual(400);
  }
});

test('assertions are bugs', () => {
  expect(() => assert(false, 'broken')).toThrow('broken');
  expect(() => assert(true, 'fine')).not.toThrow();
  expect(() => assertNever('x' as never)).toThrow('unexpected value');
});

test('limits are positive whole numbers', () => {
  for (const limit of Object.values(LIMITS)) expect(Number.isSafeInteger(limit) && limit > 0).toBe(true);
});
