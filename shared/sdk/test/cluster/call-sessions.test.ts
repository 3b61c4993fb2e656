import { type AgentId, LIMITS } from '@skep/kernel';
import { SeededRandom } from '@skep/simulated';
import { describe, expect, it } from 'vitest';
import { CallSessions, type SessionSlot } from '../../src/cluster/call-sessions.js';
import { ManualClock } from '../../src/testing.js';
import { refusal } from '../refusal.js';
import { tally } from './town.js';

function sessions(agentsMax?: number) {
  const clock = new ManualClock();
  const made = new CallSessions({
    clock,
    random: new SeededRandom('sessions'),
    nowMs: () => clock.nowMs(),
    ...(agentsMax === undefined ? {} : { agentsMax }),
  });
  return { clock, sessions: made, take: (agent: AgentId = tally('a')) => made.take(agent, 1_000) };
}

describe('G4: slots of a client', () => {
  it('N1: number each agent from 1, and acknowledge nothing before the agent keeps the session', async () => {
    const { sessions: made, take } = sessions();
    const [first, second, other] = [await take(), await take(), await take(tally('b'))] as [SessionSlot, SessionSlot, SessionSlot];
    expect([first, second, other].map(({ number, acknowledged }) => [number, acknowledged])).toEqual([
      [1, 0],
      [2, 0],
      [1, 0],
    ]);
    expect(other.id).toBe(first.id);
    made.settle(tally('a'), first, 'other');
    expect(await take()).toMatchObject({ number: 3, acknowledged: 0 });
    made.settle(tally('a'), second, 'recorded');
    expect(await take()).toMatchObject({ number: 4, acknowledged: 2 });
  });

  it('acknowledge up to the lowest that is open', async () => {
    const { sessions: made, take } = sessions();
    const slots: SessionSlot[] = [];
    for (let at = 0; at < 5; at += 1) slots.push(await take());
    for (const at of [4, 1, 3]) made.settle(tally('a'), slots[at] as SessionSlot, 'recorded');
    expect(await take()).toMatchObject({ number: 6, acknowledged: 0 });
    made.settle(tally('a'), slots[0] as SessionSlot, 'recorded');
    expect(await take()).toMatchObject({ number: 7, acknowledged: 2 });
  });

  it('N2: who finds no room waits for it, or until time is up', async () => {
    const { clock, sessions: made, take } = sessions();
    const slots: SessionSlot[] = [];
    for (let at = 0; at < LIMITS.sessionWindow; at += 1) slots.push(await take());
    const waiting = take();
    const late = refusal(take(), 'timeout');
    made.settle(tally('a'), slots[0] as SessionSlot, 'recorded');
    expect(await waiting).toMatchObject({ number: LIMITS.sessionWindow + 1, acknowledged: 1 });
    await clock.advance(2_000);
    await late;
  });

  it('a session that no agent kept is left for a fresh one when its numbers are used up, never with calls under way', async () => {
    const { sessions: made, take } = sessions();
    const first = await take();
    for (let at = 1; at < LIMITS.sessionWindow; at += 1) made.settle(tally('a'), await take(), 'other');
    const waiting = take();
    made.settle(tally('a'), first, 'other');
    const fresh = await waiting;
    expect(fresh).toMatchObject({ number: 1, acknowledged: 0 });
    expect(fresh.id).not.toBe(first.id);
  });

  it('N3: what was forgotten comes back under a session of its own', async () => {
    const { sessions: made, take } = sessions(2);
    const first = await take(tally('a'));
    const busy = await take(tally('b'));
    made.settle(tally('a'), first, 'recorded');
    await take(tally('c'));
    const again = await take(tally('a'));
    expect(again.number).toBe(1);
    expect(again.id).not.toBe(first.id);
    expect(await take(tally('b'))).toMatchObject({ id: busy.id, number: 2 });
  });

  it('an agent that has forgotten the session gets another; answers to the old one count no more', async () => {
    const { sessions: made, take } = sessions();
    const old = await take();
    made.renew(tally('a'), old);
    const fresh = await take();
    expect(fresh.id).not.toBe(old.id);
    made.settle(tally('a'), old, 'recorded');
    made.renew(tally('a'), old);
    expect(await take()).toMatchObject({ id: fresh.id, number: 2, acknowledged: 0 });
  });
});
