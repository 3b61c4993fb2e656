/** Heartbeats cross the wire between nodes of different ages, so what is read there is checked, and what is not known is left aside. */
import { decode, encode, type IncarnationId, incarnationId, isSkepError, nodeId, type Value } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat, IDLE } from '../src/index.js';

const incarnations = fc
  .record({ name: fc.constantFrom('a', 'b-c', 'Host 1'), atMs: fc.nat(), random: fc.uint8Array({ minLength: 1, maxLength: 10 }) })
  .map(({ name, atMs, random }) => incarnationId(nodeId(name), atMs, random));
const numbers = fc.oneof(
  fc.nat(),
  fc.double({ min: 0, max: 1e9, noNaN: true, noDefaultInfinity: true }).map((each) => each + 0),
);
const load = fc.record({
  ...{ agents: numbers, turnsPerSecond: numbers, stallMs: numbers, cpuShare: numbers, memoryShare: numbers, logShare: numbers },
  capacity: numbers,
});
const heartbeats: fc.Arbitrary<Heartbeat> = fc.record({
  ...{ incarnation: incarnations, sequence: fc.integer({ min: 1 }), load },
  status: fc.constantFrom('serving', 'draining', 'leaving'),
  ...{ suspects: fc.array(incarnations, { maxLength: 4 }), dead: fc.array(incarnations, { maxLength: 4 }) },
});
const keyless = fc.array(fc.constantFrom('acme', 'a,b', ''), { maxLength: 4 });

const ONE: Heartbeat = {
  ...{ incarnation: incarnationId(nodeId('a'), 1, Uint8Array.of(1)), sequence: 1, status: 'serving', load: IDLE },
  ...{ suspects: [], dead: [] },
};

function withMembers(members: Readonly<Record<string, unknown>>): Uint8Array {
  return encode({ ...(decode(encodeHeartbeat(ONE)) as Record<string, Value>), ...members });
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeHeartbeat(bytes);
    return 'accepted';
  } catch (error) {
    return isSkepError(error) ? error.code : 'another error';
  }
}

describe('heartbeats on the wire', () => {
  test('O4: a heartbeat comes back as it was', () => {
    fc.assert(fc.property(heartbeats, (each) => void expect(decodeHeartbeat(encodeHeartbeat(each))).toEqual(each)));
    fc.assert(fc.property(keyless, (tenants) => void expect(decodeHeartbeat(withMembers({ keyless: tenants })).keyless).toEqual(tenants)));
  });

  test('O4: a newer node may say more and an older one less; both are heard', () => {
    const more = { format: 2, mood: 'sunny', load: { ...IDLE, gpuShare: 0.5 }, status: 'resting' };
    expect(decodeHeartbeat(withMembers(more))).toEqual({ ...ONE, status: 'draining' });
    expect(decodeHeartbeat(withMembers({ load: { agents: 3 }, dead: undefined, suspects: undefined }))).toEqual({
      ...ONE,
      load: { ...IDLE, agents: 3 },
    });
  });

  test('G13: a heartbeat with a wrong part is malformed as a whole', () => {
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      ...[0, 1.5, 'x', null, undefined].map((format) => ({ format })),
      ...[0, -1, 1.5, 'x', undefined].map((sequence) => ({ sequence })),
      ...['', 'a', 'a-1', 'A-1-01', 'a-1-0g', 7, null, undefined].map((incarnation) => ({ incarnation })),
      ...[1, null, undefined].map((status) => ({ status })),
      ...[7, null, [], undefined, { agents: -1 }, { capacity: 'x' }].map((each) => ({ load: each })),
      ...['x', {}, [7], ['a'], Array.from({ length: 1025 }, () => ONE.incarnation)].flatMap((each) => [{ suspects: each }, { dead: each }]),
      ...['x', {}, null, [7], Array.from({ length: 1025 }, () => 'acme')].map((each) => ({ keyless: each })),
    ];
    expect(wrong.map((each) => refusal(withMembers(each)))).toEqual(wrong.map(() => 'malformed'));
    for (const bytes of [encode(null), encode([1]), encode('x'), Uint8Array.of(0xc1), new Uint8Array()]) expect(refusal(bytes)).toBe('malformed');
    expect(refusal(encodeHeartbeat(ONE))).toBe('accepted');
  });

  test('G13: other bytes are malformed, never anything else', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void expect(refusal(bytes)).toBe('malformed')));
    const whole = encodeHeartbeat({ ...ONE, suspects: [ONE.incarnation as IncarnationId] });
    for (let length = 0; length < whole.length; length += 1) expect(refusal(whole.slice(0, length))).toBe('malformed');
  });
});
