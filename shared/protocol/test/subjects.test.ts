import { agentId, type IncarnationId, universeId } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, encodePeerItem, type PeerItem, Subjects } from '../src/index.js';

const subjects = new Subjects(universeId('main'));
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });

describe('Q11: subjects', () => {
  it('carry ids of any text there and back', () => {
    fc.assert(
      fc.property(name, name, name, name, (tenant, kind, id, method) => {
        const agent = agentId({ tenant, kind, name: id });
        const subject = subjects.call(agent, method);
        expect(subject).toMatch(/^[a-z0-9_=.-]+$/);
        expect(subject.split('.').length).toBe(7);
        expect(subjects.parse(subject)).toEqual({ kind: 'call', tenant, agent, method });
        expect(subjects.parse(subjects.command(agent, method))).toEqual({ kind: 'agent', tenant, agent, command: method });
      }),
    );
  });

  it.each([
    'skep',
    'skep.a.main',
    'skep.a.other.call.k.i.m',
    'skep.a.main.call.k.i',
    'skep.a.main.call.k.i.m.more',
    'skep.a.main.tell.k.i.m',
    'skep.A.main.call.k.i.m',
    'skep.a.main.call.k=zz.i.m',
    '_skep.main.heartbeat',
  ])('G13: %s is refused', (subject) => {
    expect(() => subjects.parse(subject)).toThrow(expect.objectContaining({ name: 'SkepError' }));
  });
});

describe('P1: frames between nodes', () => {
  const from = 'n1-abc-00' as IncarnationId;
  const a = agentId({ tenant: 't', kind: 'k', name: 'a' });
  const b = agentId({ tenant: 't', kind: 'k', name: 'b' });
  const items: readonly PeerItem[] = [
    { kind: 'delivery', from: a, item: { to: b, sequence: 3, method: 'go', input: { n: [1, new Uint8Array([1])] }, correlation: null } },
    { kind: 'taken', from: a, to: b, sequence: 3 },
    { kind: 'returned', from: a, to: b, why: 'full' },
    { kind: 'ask', number: 1, agent: b, method: 'call', parameters: ['go', null, {}], waitMs: 500 },
    { kind: 'answer', number: 1, result: { value: 1 } },
    { kind: 'refusal', number: 2, error: { error: { code: 'timeout', message: 'm', id: null, remedy: 'r' } } },
    { kind: 'whereabouts', agent: a, incarnation: from },
    { kind: 'wake', agents: [a, b] },
  ];

  it('carry every kind of item', () => {
    expect(decodeFrame(encodeFrame(from, items.map(encodePeerItem)))).toEqual({ from, items });
  });

  it('G13: damaged ones are refused, whatever was cut off or changed', () => {
    const frame = encodeFrame(from, items.map(encodePeerItem));
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.nat(255), (at, byte) => {
        for (const damaged of [frame.slice(0, at), frame.map((old, index) => (index === at ? byte : old))]) {
          try {
            decodeFrame(damaged);
          } catch (error) {
            expect(error).toMatchObject({ name: 'SkepError' });
          }
        }
      }),
    );
  });
});
