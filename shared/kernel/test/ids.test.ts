import {
  agentId,
  checkName,
  hashHex,
  incarnationId,
  isSkepError,
  laneId,
  nameOf,
  nodeId,
  operationId,
  parseAgentId,
  parseIncarnationId,
  parseOperationId,
  sessionId,
  tokenOf,
  universeId,
} from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const names = fc
  .oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 128 }))
  .filter((name) => new TextEncoder().encode(name).length <= 128);
const refused = (act: () => unknown): boolean => {
  try {
    act();
    return false;
  } catch (error) {
    return isSkepError(error, 'invalid-id');
  }
};

describe('Q11: any text of 1 to 128 bytes is an id, and its token fits subjects, keys and file names', () => {
  test('Q11: tokens come back as the names they stand for', () => {
    fc.assert(
      fc.property(names, (name) => void expect(nameOf(tokenOf('id', name))).toBe(name)),
      { numRuns: 1_000 },
    );
  });

  test('Q11: tokens hold nothing but a-z 0-9 - _ = and at most 207 characters', () => {
    fc.assert(
      fc.property(names, (name) => void expect(tokenOf('id', name)).toMatch(/^[a-z0-9_=-]{1,207}$/)),
      { numRuns: 1_000 },
    );
  });

  test('Q11: dots, spaces, wildcards, slashes and unicode', () => {
    expect(tokenOf('id', 'a.b c*d>e/f')).toBe('a=2eb=20c=2ad=3ee=2ff');
    expect(tokenOf('id', 'ü')).toBe('=c3=bc');
    expect(tokenOf('id', '=')).toBe('=3d');
    expect(tokenOf('id', '..')).toBe('=2e=2e');
  });

  test('Q11: names that differ only in case have tokens that differ without case', () => {
    expect(tokenOf('id', 'Agent')).toBe('=41gent');
    fc.assert(
      fc.property(names, names, (one, other) => {
        if (one !== other) expect(tokenOf('id', one).toLowerCase()).not.toBe(tokenOf('id', other).toLowerCase());
      }),
    );
  });

  test('Q11: names that Windows reserves are escaped', () => {
    for (const name of ['con', 'nul', 'com1', 'lpt9']) {
      expect(tokenOf('id', name)).not.toBe(name);
      expect(nameOf(tokenOf('id', name))).toBe(name);
    }
    expect(tokenOf('id', 'console')).toBe('console');
  });

  test('Q11: 128 bytes are allowed, 129 are not', () => {
    expect(nameOf(tokenOf('id', 'é'.repeat(64)))).toBe('é'.repeat(64));
    expect(tokenOf('id', 'a'.repeat(128))).toBe('a'.repeat(128));
    expect(tokenOf('id', 'A'.repeat(128)).startsWith('==')).toBe(true);
    for (const name of ['a'.repeat(129), `${'é'.repeat(64)}a`]) expect(refused(() => tokenOf('id', name))).toBe(true);
  });

  test('G13: what is no name is refused', () => {
    for (const name of ['', '\ud800', 5, null, undefined, {}]) expect(refused(() => checkName('agent id', name))).toBe(true);
  });

  test('G13: foreign tokens are refused', () => {
    for (const token of ['', 'A', 'a.b', '=', '=4', '=zz', '=61', '=2E', '==', '==a', '==1', 'con', '=ff', `==${'a'.repeat(8)}`, 'a=2']) {
      expect(refused(() => nameOf(token))).toBe(true);
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        if (!refused(() => nameOf(text))) expect(tokenOf('id', nameOf(text))).toBe(text);
      }),
    );
  });
});

describe('Q11: composed ids', () => {
  test('Q11: agents are addressed by tenant, kind and name', () => {
    fc.assert(
      fc.property(
        names,
        names,
        names,
        (tenant, kind, name) => void expect(parseAgentId(agentId({ tenant, kind, name }))).toEqual({ tenant, kind, name }),
      ),
    );
    for (const text of ['a/b', 'a/b/c/d', '', 'A/b/c', 'a//c']) expect(refused(() => parseAgentId(text))).toBe(true);
  });

  test('G4: operation ids are UUIDv7 and tell their time', () => {
    const id = operationId(
      1_700_000_000_123,
      Uint8Array.from({ length: 10 }, (_, at) => at * 25),
    );
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseOperationId(id)).toEqual({ id, timeMs: 1_700_000_000_123 });
    for (const text of ['', 'x', id.toUpperCase(), id.replace('-7', '-4')]) expect(refused(() => parseOperationId(text))).toBe(true);
  });

  test('nodes, incarnations, universes, lanes, sessions and hashes', () => {
    const node = nodeId('Host 1');
    const incarnation = incarnationId(node, 1_700_000_000_000, Uint8Array.of(1, 2));
    expect(laneId(universeId('main'), 3, incarnation)).toBe(`main/3/${incarnation}`);
    expect(incarnation).toBe(`${node}-loyw3v28-0102`);
    expect(parseIncarnationId(incarnation)).toEqual({ id: incarnation, node, startedMs: 1_700_000_000_000 });
    for (const text of ['', node, `${node}-1`, `${node}-01-02`, `${node}-1-0`, `${node}-1-0G`, 'Host-1-02', '-1-02', `x-${'z'.repeat(12)}-02`]) {
      expect(refused(() => parseIncarnationId(text))).toBe(true);
    }
    expect(sessionId('s')).toBe('s');
    expect(hashHex('0'.repeat(64))).toBe('0'.repeat(64));
    for (const act of [() => hashHex('0'), () => sessionId(''), () => hashHex('A'.repeat(64))]) expect(refused(act)).toBe(true);
  });
});
