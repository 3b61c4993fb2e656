import { agentId, nodeId, universeId } from '@skep/kernel';
import type { Registry } from '@skep/ports';
import { describe, expect, it } from 'vitest';
import { Pins } from '../../src/cluster/pins.js';
import { Hive } from '../hive.js';

const A = agentId({ tenant: 'default', kind: 'counter', name: 'a' });
const pinsOver = (registry: Registry) => new Pins(registry, universeId('main'), () => {});

/** The registry as a node sees it whose reads are behind: every second one shows nothing. */
function behind(registry: Registry): Registry {
  let reads = 0;
  return {
    get: async (key) => {
      reads += 1;
      return reads % 2 === 1 ? undefined : registry.get(key);
    },
    update: (...given) => registry.update(...given),
    list: (...given) => registry.list(...given),
    watch: () => () => {},
  };
}

describe('O1: pins, seen by a node that is behind', () => {
  it('are told as they are', async () => {
    const { registry } = new Hive([]).ports;
    const [one, other] = [pinsOver(registry), pinsOver(behind(registry))];
    expect(await other.newest(A)).toBeUndefined();
    await one.set(A, nodeId('n1'));
    expect(await other.newest(A)).toBe('n1');
    await one.set(A, undefined);
    expect(await other.newest(A)).toBeUndefined();
  });

  it('are taken away, not believed gone', async () => {
    const { registry } = new Hive([]).ports;
    const [one, other] = [pinsOver(registry), pinsOver(behind(registry))];
    await one.set(A, nodeId('n1'));
    await other.set(A, undefined);
    expect(await one.newest(A)).toBeUndefined();
  });
});
