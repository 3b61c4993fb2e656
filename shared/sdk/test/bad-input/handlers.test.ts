/** Handlers that fail, hang, or answer what cannot be kept. */
import { describe, expect, it } from 'vitest';
import { type Context, defineAgent, SkepError } from '../../src/index.js';
import { testSkep } from '../../src/testing.js';
import { refusal } from '../refusal.js';

type State = { n: number };
type Run = (state: State, context: Context) => unknown;

/** A kind whose handler does what the test says. */
function kindOf(run: () => Run, options: { readonly turnDeadlineMs?: number; readonly mailboxMessages?: number } = {}) {
  return defineAgent({
    kind: 'k',
    initial: { n: 0 },
    ...options,
    handlers: {
      go: (state: State, _input: null, context: Context) => run()(state, context),
      add(state) {
        state.n += 1;
        return state.n;
      },
    },
  });
}

const THROWN: readonly (readonly [string, unknown, string])[] = [
  ['an error', new Error('broken'), 'go of default/k/a failed: broken'],
  ['text', 'broken', 'go of default/k/a failed: broken'],
  ['undefined', undefined, 'go of default/k/a failed: undefined'],
  ['null', null, 'go of default/k/a failed: null'],
  ['an object', { a: 1 }, 'go of default/k/a failed'],
];

describe('G13: a handler that throws', () => {
  it.each(THROWN)('is told to its caller when it throws %s; what it did is undone, nothing it wanted happens', async (_what, thrown, message) => {
    const Kind = kindOf(() => (state, ctx) => {
      state.n = 99;
      ctx.send({ kind: 'k', name: 'b' }, 'add');
      ctx.timer('t', { afterMs: 1 }, 'add');
      ctx.emit('done');
      throw thrown;
    });
    await using skep = await testSkep({ kinds: [Kind] });
    const agent = skep.agent(Kind, 'a');
    await agent.add();
    const before = await agent.history();
    const error = await refusal(agent.go(), 'handler-failed');
    expect(error.message).toContain(message);
    expect(error.id).toBe(agent.id);
    await skep.advance(10);
    expect(await agent.history()).toEqual(before);
    expect(await agent.info()).toMatchObject({ version: 1, timers: 0, outbox: 0, status: 'active' });
    await refusal(skep.agent(Kind, 'b').info(), 'unknown-agent');
    expect(await agent.add()).toBe(2);
  });

  it('may refuse with an error of its own choice', async () => {
    const Kind = kindOf(() => () => {
      throw new SkepError('version-conflict', { message: 'not now', remedy: 'Come back later.' });
    });
    await using skep = await testSkep({ kinds: [Kind] });
    expect(await refusal(skep.agent(Kind, 'a').go(), 'version-conflict')).toMatchObject({ message: 'not now', remedy: 'Come back later.' });
  });

  it('O14: is quarantined with its agent when it fails too often, and resumed by command', async () => {
    let broken = true;
    const Kind = kindOf(() => (state) => {
      if (broken) throw new Error('broken');
      state.n += 10;
    });
    await using skep = await testSkep({ kinds: [Kind] });
    const agent = skep.agent(Kind, 'a');
    for (let at = 0; at < 51; at += 1) await refusal(agent.go(), 'handler-failed');
    await refusal(agent.go(), 'agent-quarantined');
    expect((await agent.info()).status).toBe('quarantined');
    broken = false;
    await skep.client.resume(agent.id);
    await agent.go();
    expect((await agent.state()).value.n).toBe(10);
  });

  it('is tried again, then set aside with an event, when nobody waits for it; later messages go on', async () => {
    const Kind = kindOf(() => (_state, ctx) => {
      ctx.send({ kind: 'k', name: 'b' }, 'fail');
      ctx.send({ kind: 'k', name: 'b' }, 'add');
    });
    let tries = 0;
    const Failing = defineAgent({
      kind: 'k',
      initial: { n: 0 },
      handlers: {
        go: (_state: State, _input: null, ctx: Context) => {
          ctx.send({ kind: 'k', name: 'b' }, 'fail');
          ctx.send({ kind: 'k', name: 'b' }, 'add');
        },
        fail() {
          tries += 1;
          throw new Error('broken');
        },
        add(state) {
          state.n += 1;
        },
      },
    });
    await using skep = await testSkep({ kinds: [Failing] });
    await skep.agent(Kind, 'a').go();
    await skep.advance(60_000);
    expect(tries).toBe(3);
    const other = skep.agent(Failing, 'b');
    expect((await other.state()).value.n).toBe(1);
    const [failure] = (await other.history()).filter((event) => event.type === 'error occurred');
    expect(failure?.data).toMatchObject({ method: 'fail', code: 'handler-failed', from: 'default/k/a', sequence: 1 });
  });
});

describe('G13 U2: a handler that does not settle', () => {
  it('fails at its deadline, changes nothing, and lets the next message have its turn', async () => {
    const Kind = kindOf(
      () => async (state) => {
        state.n = 99;
        await new Promise(() => {});
      },
      { turnDeadlineMs: 5_000 },
    );
    await using skep = await testSkep({ kinds: [Kind] });
    const agent = skep.agent(Kind, 'a');
    await agent.add();
    const hung = refusal(agent.go(), 'turn-timeout');
    const next = agent.add();
    await skep.advance(4_999);
    expect((await agent.info()).turn).toBe('go');
    expect((await agent.state()).value.n).toBe(1);
    await skep.advance(1);
    const error = await hung;
    expect(error.message).toBe('go made no progress for 5000 ms');
    expect(error.id).toBe(agent.id);
    expect(await next).toBe(2);
  });

  it('has its deadline anew with each step, and its signal is aborted', async () => {
    let aborted: unknown;
    const Kind = kindOf(
      () => async (state, ctx) => {
        await ctx.step('one', () => sleep(4_000));
        await ctx.step('two', () => sleep(4_000));
        state.n = 1;
        await ctx.step('three', ({ signal }) => {
          signal.addEventListener('abort', () => {
            aborted = signal.reason;
          });
          return new Promise(() => {});
        });
      },
      { turnDeadlineMs: 5_000 },
    );
    await using skep = await testSkep({ kinds: [Kind] });
    const sleep = (ms: number) => new Promise<null>((resolve) => skep.clock.setTimer(ms, () => resolve(null)));
    const agent = skep.agent(Kind, 'a');
    const hung = refusal(agent.go(), 'turn-timeout');
    await skep.advance(8_000);
    expect(aborted).toBeUndefined();
    await skep.advance(5_000);
    await hung;
    expect(aborted).toMatchObject({ code: 'turn-timeout' });
    expect((await agent.state()).value.n).toBe(0);
    expect((await agent.history()).map((event) => event.type)).toEqual(['error occurred']);
    expect(await agent.add()).toBe(1);
  });

  it('can do nothing any more when its turn is over', async () => {
    let late: { readonly state: State; readonly context: Context } | undefined;
    const Kind = kindOf(
      () => async (state, context) => {
        late = { state, context };
        await new Promise(() => {});
      },
      { turnDeadlineMs: 100 },
    );
    await using skep = await testSkep({ kinds: [Kind] });
    const agent = skep.agent(Kind, 'a');
    const hung = refusal(agent.go(), 'turn-timeout');
    await skep.advance(100);
    await hung;
    if (late === undefined) throw new Error('the handler did not run');
    const { state, context } = late;
    expect(() => {
      state.n = 7;
    }).toThrowError(expect.objectContaining({ code: 'closed' }));
    expect(() => context.send({ kind: 'k', name: 'b' }, 'add')).toThrowError(expect.objectContaining({ code: 'turn-cancelled' }));
    expect((await agent.state()).value.n).toBe(0);
  });
});

describe('G13 U2: a turn that diverges when it is resumed', () => {
  const withSteps = (steps: readonly string[]) =>
    kindOf(() => async (state, ctx) => {
      for (const name of steps) await ctx.step(name, () => (name === 'hang' ? new Promise(() => {}) : name));
      state.n += 1;
    });

  it('fails with the step named, in the log, and the agent goes on', async () => {
    await using skep = await testSkep({ kinds: [withSteps(['one', 'two', 'hang'])] });
    const agent = skep.agent(withSteps([]), 'a');
    const call = refusal(agent.go(), 'outcome-unknown');
    await skep.advance(0);
    skep.crash();
    await call;
    await skep.reopen({ kinds: [withSteps(['one', 'other'])] });
    await skep.advance(1_000);
    const [failure] = (await agent.history()).filter((event) => event.type === 'error occurred');
    expect(failure?.data).toMatchObject({ code: 'turn-diverged', method: 'go' });
    expect(JSON.stringify(failure?.data)).toContain('two#1');
    expect(await agent.state()).toMatchObject({ version: 0, value: { n: 0 } });
    expect(await agent.add()).toBe(1);
    skep.crash();
    await skep.reopen();
    expect((await agent.state()).value.n).toBe(1);
  });

  it('is finished by the same code', async () => {
    await using skep = await testSkep({ kinds: [withSteps(['one', 'two', 'hang'])] });
    const agent = skep.agent(withSteps([]), 'a');
    const call = refusal(agent.go(), 'outcome-unknown');
    await skep.advance(0);
    skep.crash();
    await call;
    await skep.reopen({ kinds: [withSteps(['one', 'two'])] });
    await skep.advance(0);
    expect((await agent.state()).value.n).toBe(1);
  });
});

describe('O6 G13: a full mailbox', () => {
  it('refuses with mailbox-full, names agent and limit, and loses nothing that it took', async () => {
    let open = () => {};
    const Kind = kindOf(
      () => (state, ctx) =>
        ctx
          .step(
            'wait',
            () =>
              new Promise<null>((resolve) => {
                open = () => resolve(null);
              }),
          )
          .then(() => {
            state.n += 100;
          }),
      { mailboxMessages: 3 },
    );
    await using skep = await testSkep({ kinds: [Kind] });
    const agent = skep.agent(Kind, 'a');
    const first = agent.go();
    await skep.advance(0);
    const taken = [agent.add(), agent.add(), agent.add()];
    const error = await refusal(agent.add(), 'mailbox-full');
    expect(error).toMatchObject({ id: agent.id, retry: 'later' });
    expect(error.message).toContain('3 messages');
    expect((await agent.info()).mailbox).toBe(3);
    open();
    await first;
    expect(await Promise.all(taken)).toEqual([101, 102, 103]);
    expect(await agent.add()).toBe(104);
  });

  it('keeps what agents send to it in their outboxes, and takes it in order when there is room', async () => {
    const Burst = defineAgent({
      kind: 'burst',
      initial: { got: [] as number[] },
      mailboxMessages: 2,
      handlers: {
        burst(_state, count: number, ctx) {
          for (let at = 0; at < count; at += 1) ctx.send({ kind: 'burst', name: 'b' }, 'take', at);
        },
        take(state, at: number) {
          state.got.push(at);
        },
      },
    });
    await using skep = await testSkep({ kinds: [Burst] });
    await skep.agent(Burst, 'a').burst(50);
    await skep.advance(60_000);
    expect((await skep.agent(Burst, 'b').state()).value.got).toEqual(Array.from({ length: 50 }, (_, at) => at));
  });
});
