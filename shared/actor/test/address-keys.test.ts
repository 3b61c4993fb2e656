/** What a node knows of address keys, and snapshots that somebody changed. */
import { inspect } from 'node:util';
import { agentId, decode, encode, isSkepError, type Value } from '@skep/kernel';
import { isKeyedPack, treeOf } from '@skep/state';
import { describe, expect, it } from 'vitest';
import { ActorState, AddressKeys, decodeSnapshot, encodeSnapshot, KEYED_TENANTS_MAX, type KeyedTenant } from '../src/index.js';

const ACME = new Uint8Array(32).fill(7);
const OTHER = new Uint8Array(32).fill(8);
const agent = agentId({ tenant: 'acme', kind: 'jar', name: 'a' });
const VALUE = { title: 'secret', items: Array.from({ length: 40 }, (_, at) => ({ at, text: `item ${at}` })) };
const PACK_AT = 5;

function refusalOf(work: () => unknown): { readonly code: string; readonly message: string } {
  try {
    work();
  } catch (error) {
    if (isSkepError(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function snapshotOf(addressKey?: Uint8Array): Uint8Array {
  const options = addressKey === undefined ? {} : { addressKey };
  return encodeSnapshot(new ActorState(agent, treeOf(VALUE, options)), 1)(null);
}

/** The snapshot with another byte in its pack. */
function changed(snapshot: Uint8Array, at: number, byte: number): Uint8Array {
  const fields = [...(decode(snapshot) as readonly Value[])];
  fields[PACK_AT] = (fields[PACK_AT] as Uint8Array).with(at, byte);
  return encode(fields).slice();
}

/** Reads everything, as parts are verified when they are first read. */
const read = (snapshot: Uint8Array, addressKey?: Uint8Array): Value =>
  decodeSnapshot(snapshot, agent, addressKey === undefined ? {} : { addressKey }).state.tree.value();

describe('V14: snapshots under an address key', () => {
  it('V14: are read with the key alone; without it nothing is called damaged', () => {
    const keyed = snapshotOf(ACME);
    expect(read(keyed, ACME)).toEqual(VALUE);
    expect(refusalOf(() => read(keyed))).toMatchObject({ code: 'not-configured', id: agent, message: expect.stringContaining('acme') });
    expect(refusalOf(() => read(keyed, OTHER)).code).toBe('corrupt');
  });

  it('V14: of before the key are put under it', () => {
    const { tree } = decodeSnapshot(snapshotOf(), agent, { addressKey: ACME }).state;
    expect(tree.root()).toBe(treeOf(VALUE, { addressKey: ACME }).root());
    expect(isKeyedPack((decode(encodeSnapshot(new ActorState(agent, tree), 1)(null)) as readonly Value[])[PACK_AT] as Uint8Array)).toBe(true);
  });

  it('G11 V14: whose flag was flipped are refused, whatever key there is, and never read as something else', () => {
    for (const [snapshot, flag] of [
      [snapshotOf(ACME), 0],
      [snapshotOf(), 1],
    ] as const) {
      const forged = changed(snapshot, 1, flag);
      expect(refusalOf(() => read(forged, ACME)).code).toBe('corrupt');
      expect(refusalOf(() => read(forged)).code).toBe(flag === 0 ? 'corrupt' : 'not-configured');
    }
    expect(refusalOf(() => read(changed(snapshotOf(ACME), 1, 2), ACME)).code).toBe('malformed');
  });
});

describe('V14: the keys of a node', () => {
  const [own] = new AddressKeys({ acme: ACME }).given as readonly [KeyedTenant];

  it('are known by fingerprints, the same for the same key', () => {
    expect(own.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(new AddressKeys({ acme: ACME.slice() }).given).toEqual([own]);
    expect(new AddressKeys({ acme: OTHER }).given).not.toEqual([own]);
    expect(Buffer.from(ACME).toString('hex')).not.toContain(own.fingerprint);
  });

  it('stay what they were given, also where the bytes change afterwards', () => {
    // A view of other bytes, as files are read.
    const key = Buffer.from(ACME);
    const keys = new AddressKeys({ acme: key });
    key.fill(0);
    expect(keys.optionsOf('acme').addressKey).toEqual(ACME);
    expect(keys.optionsOf('other')).toEqual({});
  });

  it('join those of the universe, ascending, and are refused where a tenant has another one', () => {
    const there = [{ tenant: 'zeta', fingerprint: 'f' }];
    expect(new AddressKeys({ acme: ACME }).joinedTo(there)).toEqual([own, ...there]);
    expect(new AddressKeys().joinedTo([own])).toEqual([own]);
    const forged = [{ ...own, fingerprint: own.fingerprint.replace(/./, (digit) => (digit === '0' ? '1' : '0')) }];
    const error = refusalOf(() => new AddressKeys({ acme: ACME }).joinedTo(forged));
    expect(error).toMatchObject({ code: 'not-configured', id: 'acme' });
    expect(error.message).toContain(own.fingerprint);
  });

  it('are left out where the universe has none and gets no new ones; those that it has are taken', () => {
    const keys = new AddressKeys({ acme: ACME, umbrella: OTHER }, 'ignore');
    expect(keys.joinedTo([own])).toEqual([own]);
    keys.begin([own]);
    expect(keys.known).toEqual([{ ...own, isHere: true }]);
    expect([keys.optionsOf('acme').addressKey, keys.optionsOf('umbrella').addressKey]).toEqual([ACME, undefined]);
    // Another node brings it later: this one has begun without.
    keys.learn(new AddressKeys({ umbrella: OTHER }).given);
    expect(keys.missing).toEqual(['umbrella']);
    expect(keys.joinedTo([own, { tenant: 'umbrella', fingerprint: 'f' }]).length).toBe(2);
  });

  it('are not more than a universe has room for; those that it has stay welcome', () => {
    const full = Array.from({ length: KEYED_TENANTS_MAX }, (_, at): KeyedTenant => ({ tenant: `t${at}`, fingerprint: 'f' }));
    expect(refusalOf(() => new AddressKeys({ acme: ACME }).joinedTo(full)).code).toBe('not-configured');
    expect(new AddressKeys({ acme: ACME }).joinedTo([own, ...full.slice(1)]).length).toBe(KEYED_TENANTS_MAX);
  });

  it('A2: are missed once the universe names a tenant, and a stale word takes nothing back', () => {
    const keys = new AddressKeys({ umbrella: OTHER });
    keys.learn([own]);
    keys.learn([]);
    expect(keys.isMissing(agent)).toBe(true);
    expect(keys.missing).toEqual(['acme']);
    expect(keys.known).toEqual([
      { ...own, isHere: false },
      { ...keys.given[0], isHere: true },
    ]);
    expect(refusalOf(() => keys.mustServe(agent))).toMatchObject({ code: 'not-configured', id: agent });
    expect(keys.isMissing(agentId({ tenant: 'umbrella', kind: 'jar', name: 'a' }))).toBe(false);
    expect(keys.isMissing(agentId({ tenant: 'default', kind: 'jar', name: 'a' }))).toBe(false);
  });

  it('V14: never show themselves', () => {
    const keys = new AddressKeys({ acme: ACME });
    for (const shown of [JSON.stringify(keys), String(keys), inspect(keys, { depth: 9, showHidden: true })]) {
      expect(shown).not.toContain('7, 7');
      expect(shown).not.toContain('0707');
    }
  });
});
