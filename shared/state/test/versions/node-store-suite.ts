/** What every node store does; each adapter runs it. */
import { agentId } from '@skep/kernel';
import { type CheckpointId, type NodeStore, StateEngine, treeOf } from '@skep/state';
import { describe, expect, test } from 'vitest';
import { objectOf, STATE_S } from '../arbitrary.js';

const agent = agentId({ tenant: 'default', kind: 'counter', name: 'kept' });

export function nodeStoreSuite(name: string, open: () => NodeStore): void {
  describe(`node store: ${name}`, () => {
    test('V1: what is durable comes back with its root, one change at a time', async () => {
      const store = open();
      const engine = new StateEngine({ store });
      let tree = treeOf({
        ...STATE_S,
        wide: objectOf(Array.from({ length: 60 }, (_, at) => [`key-${at}`, at] as const)),
        text: 'line\n'.repeat(3_000),
      });
      const made = [];
      for (let at = 0; at < 40; at += 1) {
        made.push(engine.createCheckpoint(agent, tree));
        tree = tree.apply([
          { kind: 'update', path: ['memory', at, 'score'], new: at },
          { kind: 'delete', path: ['wide', `key-${at}`] },
          { kind: 'update', path: ['text'], new: `${at}\n${'line\n'.repeat(3_000)}` },
        ]);
      }
      // The last one alone, then all: parents before or after their children.
      expect(await made.at(-1)?.durable).toBe(store.level);
      expect(new Set(await Promise.all(made.map(({ durable }) => durable)))).toEqual(new Set([store.level]));
      for (const { id, tree: kept } of made) {
        const found = await store.get(id);
        expect(found?.root()).toBe(kept.root());
        expect(treeOf(found?.value()).root()).toBe(kept.root());
      }
      expect(await store.get('default/counter/kept#999' as CheckpointId)).toBeUndefined();
    });

    test('V1: keeping what is kept changes nothing', async () => {
      const store = open();
      const engine = new StateEngine();
      const checkpoint = engine.createCheckpoint(agent, treeOf(STATE_S));
      const { id, number, parents, tree } = checkpoint;
      const kept = { id, agent, number, parents, root: checkpoint.seal(), tree, base: undefined };
      await store.put([kept]);
      await store.put([kept]);
      await store.put([]);
      expect((await store.get(id))?.root()).toBe(tree.root());
    });

    test('V1, G13: another state under an id that is there is refused, and never taken for kept', async () => {
      const store = open();
      const [one, other] = [new StateEngine({ store }), new StateEngine({ store })];
      const first = one.createCheckpoint(agent, treeOf({ n: 1 }));
      await first.durable;
      const second = other.createCheckpoint(agent, treeOf({ n: 2 }));
      expect(second.id).toBe(first.id);
      await expect(second.durable).rejects.toMatchObject({ code: 'version-conflict', id: first.id });
      expect((await store.get(first.id))?.root()).toBe(first.seal());
    });
  });
}
