/** The same as log-failures, on a real folder whose databases refuse to grow. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineAgent } from '@skep/actor';
import { openFolder } from '@skep/embedded';
import type { AgentId } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { SkepNode } from '../src/index.js';
import { codeOf, id, stateOf } from './hive.js';

const Cell = defineAgent({
  kind: 'cell',
  initial: { count: 0, got: [] as string[] },
  handlers: {
    add(state, padding: string) {
      state.count += 1;
      state.got = [padding];
      return state.count;
    },
    pass(state, to: string, context) {
      state.count += 1;
      context.send({ kind: 'cell', name: to }, 'take', `message ${state.count}`);
    },
    take(state, what: string) {
      state.got.push(what);
    },
  },
  queries: {
    count: (state) => state.count,
  },
});

const A = id('cell', 'a');
const B = id('cell', 'b');

/** What A took, in order. */
async function messagesTo({ host }: SkepNode, agent: AgentId): Promise<readonly unknown[]> {
  const found = await host.reading(agent);
  const events = found === undefined ? [] : await host.historian.events(found, {});
  return events.filter((event) => event.type === 'take').flatMap((event) => event.changes.map((change) => 'new' in change && change.new));
}

describe('G13 P4: a disk that is full', () => {
  it('G3: takes no write, and answers every read with what was acknowledged, also those that come while writes are refused', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'skep-full-'));
    try {
      const folder = await openFolder({ dir });
      const node = await SkepNode.start(folder.ports, { kinds: [Cell], settleEveryMs: 1_000_000 });
      folder.limitBytes(1);
      let acknowledged = 0;
      while ((await codeOf(node.host.call(A, 'add', 'y'.repeat(100_000)))) === 'done') acknowledged += 1;
      const told: unknown[] = [];
      const writers = Array.from({ length: 8 }, async () => {
        for (let at = 0; at < 10; at += 1) told.push(await codeOf(node.host.call(A, 'add', 'y'.repeat(100_000))));
      });
      const counts: unknown[] = [];
      for (let at = 0; at < 40; at += 1) {
        counts.push((await node.host.query(A, 'count', null)).value);
        const events = await node.host.read(A, (found) => (found === undefined ? [] : node.host.historian.events(found, {})));
        counts.push(events.length);
      }
      await Promise.all(writers);
      expect(new Set(told)).toEqual(new Set(['disk-full']));
      expect(new Set(counts)).toEqual(new Set([acknowledged]));
      await node.close();
      await folder.close();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('refuses what does not fit, keeps what it acknowledged, and goes on when there is room', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'skep-full-'));
    try {
      const folder = await openFolder({ dir });
      const node = await SkepNode.start(folder.ports, { kinds: [Cell], settleEveryMs: 1_000_000 });
      await node.host.call(A, 'add', 'x');
      await node.host.call(B, 'pass', 'a');
      folder.limitBytes(1);
      let acknowledged = 1;
      let code = 'done';
      for (let at = 0; at < 200 && code === 'done'; at += 1) {
        code = await codeOf(node.host.call(A, 'add', 'y'.repeat(100_000)));
        if (code === 'done') acknowledged += 1;
      }
      expect(code).toBe('disk-full');
      // A small one may still find a place in a page that is there.
      const passed = (await codeOf(node.host.call(B, 'pass', 'a'))) === 'done' ? 2 : 1;
      folder.limitBytes(undefined);
      expect(await node.host.call(A, 'add', 'z')).toMatchObject({ value: acknowledged + 1 });
      await node.host.call(B, 'pass', 'a');
      await node.close();
      await folder.close();
      const again = await openFolder({ dir });
      const next = await SkepNode.start(again.ports, { kinds: [Cell] });
      await next.recovered;
      expect(await stateOf(next, A)).toMatchObject({ count: acknowledged + 1 });
      expect(await messagesTo(next, A)).toEqual(Array.from({ length: passed + 1 }, (_, at) => `message ${at + 1}`));
      expect(await stateOf(next, B)).toMatchObject({ count: passed + 1 });
      await next.close();
      await again.close();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
