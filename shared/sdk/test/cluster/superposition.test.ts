import { describe, expect, it } from 'vitest';
import type { SuperpositionCommand } from '../../src/index.js';
import { refusal } from '../refusal.js';
import { Town, tally } from './town.js';

const A = tally('a1');
const CREATE: SuperpositionCommand = {
  ...{ kind: 'create', name: 'plan' },
  branches: [{ name: 'ten', state: { count: 10, seen: {} } }, { name: 'same' }],
};

describe('V3 V4: superpositions of agents in a cluster', () => {
  it('are made, seen and collapsed from any process, and move with their agent', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const client = town.client();
    await town.drive(client.call(A, 'add', 2));
    await refusal(town.drive(client.superpose(A, { kind: 'undo', name: 'plan' })), 'unknown-superposition');
    expect(await town.drive(client.superpose(A, CREATE))).toMatchObject({
      version: 1,
      superposition: { branches: [{ name: 'ten' }, { name: 'same' }] },
    });
    await town.drive(client.superpose(A, { kind: 'evidence', name: 'plan', likelihoods: { same: 0.25 } }));
    const seen = await town.drive(client.superposition(A, 'plan'));
    const holder = ['n1', 'n2', 'n3'].find((name) => town.node(name).node.host.roster.find(A) !== undefined) ?? 'n1';
    await town.drive(town.node(holder).drain());
    expect(await town.drive(client.superpositions(A))).toEqual([seen]);
    expect(await town.drive(client.branchState(A, 'plan', 'ten'))).toMatchObject({ value: { count: 10 } });
    await refusal(town.drive(client.superpose(A, { kind: 'collapse', name: 'plan', by: 'luck' as never })), 'invalid-input');
    await town.drive(client.superpose(A, { kind: 'collapse', name: 'plan', by: 'weight' }));
    expect(await town.drive(client.get(A))).toMatchObject({ version: 2, value: { count: 10 } });
    await town.drive(client.superpose(A, { kind: 'undo', name: 'plan' }));
    expect(await town.drive(client.get(A))).toMatchObject({ version: 3, value: { count: 2 } });
  });
});
