/** G1, L11: what an agent was before its first record is what that record says; only logs that do not say it ask the code of today. */
import { agentId, isSkepError } from '@skep/kernel';
import type { Blob } from '@skep/ports';
import { type AgentRecord, encodeRecord, type TurnRecord } from '@skep/protocol';
import { treeOf } from '@skep/state';
import { describe, expect, it } from 'vitest';
import { Activation, ActorState, defineAgent } from '../src/index.js';
import { revive } from '../src/revival.js';

const Jar = defineAgent({ kind: 'jar', initial: { count: 0 }, handlers: {} });
const AGENT = agentId({ tenant: 'default', kind: 'jar', name: 'a' });
const notAsked = () => Promise.reject(new Error('no blob is needed'));
const blob: Blob = { put: notAsked, get: notAsked, has: notAsked, delete: notAsked };

const turn = (version: number, count: number): TurnRecord => ({
  ...{ kind: 'turn', version, ms: 1, counter: version, cause: { kind: 'call', operation: null }, correlation: null },
  ...{ events: [{ type: 'add', data: null, edits: [{ kind: 'update', path: ['count'], new: count }] }], rest: {} },
});

/** The state that the records make, and how often the code of today was asked. */
async function revived(records: readonly AgentRecord[], snapshot: Parameters<typeof revive>[1]['snapshot'] = null) {
  const activation = new Activation(AGENT, Jar, 8, 0);
  let asked = 0;
  await revive(activation, {
    snapshot,
    records: records.map((record, index) => ({ agent: AGENT, epoch: 1, position: index + 1, body: encodeRecord(record) })),
    initial: () => {
      asked += 1;
      return treeOf({ count: 0, today: true });
    },
    blob,
    treeOptions: {},
  });
  return { value: activation.ready.tree.value(), root: activation.ready.contentRoot, asked, emptyBlob: activation.emptyBlob };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: unknown) => (isSkepError(error) ? error.code : String(error)),
  );

describe('an agent that comes back', () => {
  it('is folded from what its first record says, and nobody asks the code', async () => {
    const found = await revived([{ ...turn(1, 5), initial: { count: 3, thereafter: true } }, turn(2, 6)]);
    expect(found).toMatchObject({ value: { count: 6, thereafter: true }, asked: 0, root: treeOf({ count: 6, thereafter: true }).root() });
  });

  it('from a log of format 1 is folded from what the code says, as ever', async () => {
    expect(await revived([turn(1, 5), turn(2, 6)])).toMatchObject({ value: { count: 6, today: true }, asked: 1 });
  });

  it('without records is what the code says, also where a snapshot let it rest', async () => {
    expect(await revived([])).toMatchObject({ value: { count: 0, today: true }, asked: 1 });
    const snapshot = { position: 0, version: 0, blob: 'ab' as never };
    expect(await revived([], snapshot)).toMatchObject({ value: { count: 0, today: true }, emptyBlob: 'ab' });
    expect(await revived([{ ...turn(1, 5), initial: { count: 3 } }], snapshot)).toMatchObject({ value: { count: 5 }, asked: 0 });
  });

  it('with another record than the first that says how it began is refused', async () => {
    const initial = { count: 3 };
    expect(
      await codeOf(
        revived([
          { ...turn(1, 5), initial },
          { ...turn(2, 6), initial },
        ]),
      ),
    ).toBe('agent-corrupt');
    const still: TurnRecord = { ...turn(0, 0), events: [] };
    expect(
      await codeOf(
        revived([
          { ...still, initial },
          { ...still, initial },
        ]),
      ),
    ).toBe('agent-corrupt');
  });

  it('and a record behind a change that says how it began is never applied, nor written', () => {
    const state = new ActorState(AGENT, treeOf({ count: 3 }));
    state.apply({ ...turn(1, 5), initial: { count: 3 } });
    expect(() => state.check({ ...turn(2, 6), initial: { count: 3 } })).toThrow('says how the agent began');
  });
});
