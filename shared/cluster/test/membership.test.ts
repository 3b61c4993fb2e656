/** Membership, one rule at a time: a member of its own, and heartbeats of others by hand. */
import { type IncarnationId, incarnationId, isSkepError, nodeId } from '@skep/kernel';
import { describe, expect, test } from 'vitest';
import { type Heartbeat, IDLE, Membership, type MembershipOptions, patienceOf } from '../src/index.js';

const named = (name: string, startedMs = 1): IncarnationId => incarnationId(nodeId(name), startedMs, Uint8Array.of(0));
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((name) => named(name)) as [IncarnationId, IncarnationId, IncarnationId, IncarnationId];

/** Member `a` and a clock that goes by heartbeats of 100 ms. */
class Stage {
  nowMs = 0;
  readonly a: Membership;
  private readonly sequences = new Map<IncarnationId, number>();

  constructor(options: Partial<MembershipOptions> = {}) {
    this.a = new Membership({ self: A, nowMs: 0, ...options });
  }

  hear(incarnation: IncarnationId, parts: Partial<Heartbeat> = {}): void {
    const sequence = (this.sequences.get(incarnation) ?? 0) + 1;
    this.sequences.set(incarnation, sequence);
    this.a.heard({ incarnation, sequence, status: 'serving', load: IDLE, suspects: [], dead: [], ...parts }, this.nowMs);
  }

  /** `beats` heartbeats pass, in which these are heard; the own one comes back unless `link` is silent. */
  pass(
    beats: number,
    heard: readonly (IncarnationId | readonly [IncarnationId, Partial<Heartbeat>])[] = [],
    link: 'whole' | 'silent' = 'whole',
  ): void {
    for (let beat = 0; beat < beats; beat += 1) {
      this.nowMs += 100;
      const own = this.a.heartbeat(this.nowMs);
      this.nowMs += 1;
      if (link === 'whole') this.a.heard(own, this.nowMs);
      for (const each of heard) typeof each === 'string' ? this.hear(each) : this.hear(...each);
      this.nowMs -= 1;
    }
  }

  get news(): readonly string[] {
    return this.a.take().map((event) => {
      if ('member' in event) return `${event.kind} ${event.member.incarnation} ${event.member.status}`;
      if (event.kind === 'dead') return `dead ${event.incarnation} ${event.reason} by ${event.by.join(' ')}`;
      if (event.kind === 'outnumbered') return `outnumbered ${event.silent.join(' ')}`;
      return event.kind === 'accused' ? `accused by ${event.by.join(' ')}` : `${event.kind} ${event.incarnation}`;
    });
  }
}

describe('O4: members come and go', () => {
  test('O4: a member joins when it is heard, changes its status, leaves, and is not heard again', () => {
    const stage = new Stage();
    stage.hear(B);
    stage.hear(B, { status: 'draining', load: { ...IDLE, agents: 3 } });
    expect(stage.a.view().map(({ incarnation, node, status, load }) => [incarnation, node, status, load.agents])).toEqual([
      [A, 'a', 'serving', 0],
      [B, 'b', 'draining', 3],
    ]);
    stage.a.left(B);
    stage.hear(B);
    expect(stage.news).toEqual([`joined ${B} serving`, `changed ${B} draining`, `left ${B}`]);
    expect([A, B, C].map((each) => stage.a.standing(each))).toEqual(['member', 'gone', 'unknown']);
  });

  test('V14: says which address keys it lacks, and hears of others when that changes', () => {
    const stage = new Stage();
    stage.a.report({ keyless: ['acme'] });
    expect(stage.a.heartbeat(0).keyless).toEqual(['acme']);
    stage.hear(B);
    stage.hear(B, { keyless: ['acme', 'umbrella'] });
    stage.hear(B, { keyless: ['acme', 'umbrella'] });
    expect(stage.a.view().map(({ keyless }) => keyless)).toEqual([['acme'], ['acme', 'umbrella']]);
    stage.hear(B);
    expect(stage.a.view().map(({ keyless }) => keyless)).toEqual([['acme'], undefined]);
    expect(stage.news).toEqual([`joined ${B} serving`, `changed ${B} serving`, `changed ${B} serving`]);
  });

  test('O4: two members: the one that is left decides alone', () => {
    const stage = new Stage();
    stage.pass(3, [B]);
    stage.pass(4);
    expect(stage.news).toEqual([`joined ${B} serving`]);
    stage.pass(1);
    expect(stage.news).toEqual([`suspected ${B}`, `dead ${B} silent by ${A}`]);
    expect(stage.a.heartbeat(stage.nowMs).dead).toEqual([B]);
  });

  test('O4: three members: one that misses another accuses it, and the third decides', () => {
    const stage = new Stage();
    stage.pass(3, [B, C]);
    stage.pass(5, [C]);
    expect(stage.news).toEqual([`joined ${B} serving`, `joined ${C} serving`, `suspected ${B}`]);
    expect(stage.a.heartbeat(stage.nowMs).suspects).toEqual([B]);
    stage.hear(C, { suspects: [B] });
    expect(stage.news).toEqual([`dead ${B} silent by ${A} ${C}`]);
  });

  test('O4: an accusation alone kills nobody who is heard, and one who is heard again is cleared', () => {
    const stage = new Stage();
    stage.pass(10, [B, [C, { suspects: [B] }], [D, { suspects: [B] }]]);
    stage.pass(5, [C, D]);
    stage.pass(1, [B, C, D]);
    expect(stage.news.slice(3)).toEqual([`suspected ${B}`, `cleared ${B}`]);
  });

  test('O4: whoever misses a member and hears that another declared it dead does the same', () => {
    const stage = new Stage();
    stage.pass(3, [B, C, D, named('e')]);
    stage.pass(5, [C, [D, { dead: [B] }], named('e')]);
    expect(stage.news.slice(4)).toEqual([`suspected ${B}`, `dead ${B} silent by ${A} ${D}`]);
  });

  test('O4: who is expected and never heard is missed like any other, and counts among the others', () => {
    const stage = new Stage();
    stage.pass(1);
    stage.a.expect(B, stage.nowMs);
    stage.a.expect(C, stage.nowMs);
    expect(stage.a.view().map(({ incarnation }) => incarnation)).toEqual([A]);
    expect(stage.a.standing(B)).toBe('expected');
    stage.pass(6);
    expect(stage.news).toEqual([`suspected ${B}`, `suspected ${C}`]);
  });

  test('O4: a hint that a connection was closed shortens the patience, once the link has proved itself after it', () => {
    const stage = new Stage();
    stage.pass(3, [B]);
    stage.a.closed(B, stage.nowMs + 1);
    stage.pass(1);
    expect(stage.news).toEqual([`joined ${B} serving`]);
    stage.pass(1);
    expect(stage.news).toEqual([`suspected ${B}`, `dead ${B} silent by ${A}`]);
  });

  test('O4: a closed connection that is opened again is forgotten', () => {
    const stage = new Stage();
    stage.pass(3, [B]);
    stage.a.closed(B, stage.nowMs + 1);
    stage.pass(1, [B]);
    stage.pass(3);
    expect(stage.news).toEqual([`joined ${B} serving`]);
  });

  test('O4: a heartbeat that arrives late or twice says nothing about now', () => {
    const stage = new Stage();
    stage.pass(3, [B]);
    for (let beat = 0; beat < 5; beat += 1) stage.pass(1, [[B, { sequence: 2, status: 'leaving' }]]);
    expect(stage.news).toEqual([`joined ${B} serving`, `suspected ${B}`, `dead ${B} silent by ${A}`]);
  });
});

describe('O4: of the incarnations of a node only the newest lives', () => {
  const [older, newer] = [named('b', 5), named('b', 6)];

  test('O4: a new one supersedes those before, heard or expected', () => {
    const stage = new Stage();
    stage.a.expect(named('b', 4), 0);
    stage.hear(older);
    stage.hear(newer);
    stage.hear(older);
    expect(stage.news).toEqual([
      ...[`dead ${named('b', 4)} superseded by ${older}`, `joined ${older} serving`],
      ...[`dead ${older} superseded by ${newer}`, `joined ${newer} serving`],
    ]);
  });

  test('O4: an old one that comes late is dead at once', () => {
    const stage = new Stage();
    stage.hear(newer);
    stage.a.expect(named('b', 4), 0);
    stage.hear(older);
    expect(stage.news).toEqual([`joined ${newer} serving`, `dead ${named('b', 4)} superseded by ${newer}`, `dead ${older} superseded by ${newer}`]);
  });

  test('O4: a member learns that its own node started again', () => {
    const stage = new Stage();
    stage.a.expect(named('a', 2), 0);
    expect(stage.news).toEqual([]);
    stage.hear(named('a', 2));
    expect(stage.news).toEqual([`dead ${A} superseded by ${named('a', 2)}`, `joined ${named('a', 2)} serving`]);
  });
});

describe('O4: who is no witness accuses nobody', () => {
  test('O4: after a stall, silence counts anew', () => {
    const stage = new Stage();
    stage.pass(3, [B]);
    stage.nowMs += 5_000;
    stage.pass(4);
    expect(stage.news).toEqual([`joined ${B} serving`]);
    stage.pass(2);
    expect(stage.news).toEqual([`suspected ${B}`, `dead ${B} silent by ${A}`]);
  });

  test('O4: nobody is accused while own heartbeats do not come back, and silence counts anew when they do', () => {
    const stage = new Stage();
    stage.pass(3, [B]);
    stage.pass(30, [], 'silent');
    stage.pass(4);
    expect(stage.news).toEqual([`joined ${B} serving`]);
  });

  test('O4: suspicions end with the link, and begin anew with it', () => {
    const stage = new Stage();
    stage.pass(3, [B, C]);
    stage.pass(5, [C]);
    stage.a.disconnected(stage.nowMs);
    stage.pass(20, [], 'silent');
    stage.a.connected(stage.nowMs);
    stage.pass(4);
    expect(stage.news.slice(2)).toEqual([`suspected ${B}`, `cleared ${B}`]);
  });
});

describe('O4: too few to decide', () => {
  test('O4: who misses most of the others kills none of them by itself; it asks, and the registry decides', () => {
    const stage = new Stage();
    stage.pass(3, [B, C]);
    stage.pass(12);
    expect(stage.news.slice(2)).toEqual([`suspected ${B}`, `suspected ${C}`]);
    stage.pass(1);
    expect(stage.news).toEqual([`outnumbered ${B} ${C}`]);
    stage.hear(C);
    stage.a.arbitrated([B, C], stage.nowMs);
    // C is heard and says nothing against B.
    expect(stage.news).toEqual([`cleared ${C}`]);
    stage.hear(C, { suspects: [B] });
    expect(stage.news).toEqual([`dead ${B} silent by ${A} ${C}`]);
  });

  test('O4: the registry has decided', () => {
    const stage = new Stage();
    stage.pass(3, [B, C]);
    stage.pass(13);
    stage.a.arbitrated([B], stage.nowMs);
    stage.a.arbitrated([A], stage.nowMs);
    stage.pass(1);
    expect(stage.news.slice(5)).toEqual([`dead ${B} arbitrated by ${A}`, `dead ${C} silent by ${A}`]);
  });

  test('O4: a member that enough others accuse is told, once', () => {
    const stage = new Stage();
    stage.pass(1, [B, C]);
    stage.pass(2, [[B, { suspects: [A] }], C]);
    stage.pass(2, [
      [B, { suspects: [A] }],
      [C, { suspects: [A] }],
    ]);
    expect(stage.news.slice(2)).toEqual([`accused by ${B} ${C}`]);
  });
});

describe('G13: times that leave a live member no chance are refused', () => {
  test.each([
    { heartbeatMs: 0 },
    { heartbeatMs: Number.NaN },
    { suspectAfterMs: 399 },
    { closedAfterMs: 50 },
    { closedAfterMs: 500 },
    { outageMs: 100 },
    { outageMs: 201 },
    { arbitrateAfterMs: 500 },
  ])('G13: %j', (options) => {
    let code: string | undefined;
    try {
      patienceOf(options);
    } catch (error) {
      code = isSkepError(error) ? error.code : undefined;
    }
    expect(code).toBe('invalid-input');
  });

  test('G13: all times follow from one heartbeat', () => {
    expect(patienceOf({ heartbeatMs: 10 })).toEqual({ heartbeatMs: 10, suspectAfterMs: 40, closedAfterMs: 15, outageMs: 20, arbitrateAfterMs: 120 });
  });
});
