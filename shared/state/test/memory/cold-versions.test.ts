import { brotliCompressor, deflateCompressor, MemoryBlob } from '@skep/embedded';
import { ColdVersions, RetainedVersions, type Tree, treeOf } from '@skep/state';
import { describe, expect, test } from 'vitest';
import { STATE_S } from '../arbitrary.js';

const stepOf = (tree: Tree | undefined) => tree?.get(['step']);

function versionsOf(name: string, count: number): readonly Tree[] {
  const trees = [treeOf({ ...STATE_S, id: name, step: 0 })];
  for (let version = 1; version < count; version += 1) {
    trees.push(
      (trees.at(-1) as Tree).apply([
        { kind: 'update', path: ['step'], new: version },
        { kind: 'update', path: ['memory', version % 50, 'score'], new: version + 0.5 },
      ]),
    );
  }
  return trees;
}

/** Counts blobs and their bytes; fails when told to. */
class WatchedBlob extends MemoryBlob {
  readonly held = new Map<string, number>();
  isBroken = false;
  private begin: () => void = () => {};
  /** The first write. */
  readonly begun = new Promise<void>((resolve) => {
    this.begin = resolve;
  });

  override async put(bytes: Uint8Array) {
    this.begin();
    if (this.isBroken) throw new Error('the disk is away');
    const address = await super.put(bytes);
    this.held.set(address, bytes.length);
    return address;
  }

  override async delete(hash: Parameters<MemoryBlob['delete']>[0]) {
    this.held.delete(hash);
    await super.delete(hash);
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

describe('V10: versions beyond the budget', () => {
  test('V10: what memory has no room for comes back from the blob store, with its root', async () => {
    const blob = new WatchedBlob();
    const cold = new ColdVersions(blob, { compressors: [deflateCompressor(), brotliCompressor()] });
    const retained = new RetainedVersions({ bytesMax: 120_000, evicted: (evicted) => cold.take(evicted) });
    const agents = ['a', 'b', 'c'].map((name) => ({ name, trees: versionsOf(name, 90) }));
    const held = agents.map(({ name, trees }) => {
      const agent = retained.open(name, 0, trees[0] as Tree);
      for (const [version, tree] of trees.entries()) if (version > 0) retained.keep(agent, version, tree);
      return agent;
    });
    expect(cold.waiting).toBeGreaterThan(100);
    const waiting = await cold.at('a', 3);
    expect(stepOf(waiting)).toBe(3);
    await cold.flush();
    expect(cold.waiting).toBe(0);
    for (const [at, { name, trees }] of agents.entries()) {
      for (const [version, tree] of trees.entries()) {
        const found = retained.at(held[at] as (typeof held)[number], version) ?? (await cold.at(name, version));
        expect(found?.root()).toBe(tree.root());
      }
    }
    const bytes = [...blob.held.values()].reduce((sum, length) => sum + length, 0);
    expect(bytes).toBeLessThan(30_000);
  });

  test('V10: only the last versions of an agent stay, and none of an agent that is forgotten', async () => {
    const blob = new WatchedBlob();
    const cold = new ColdVersions(blob, { versionsMax: 20 });
    for (const [version, tree] of versionsOf('a', 100).entries()) {
      cold.take({ agent: 'a', version, tree });
      if (version % 10 === 9) await cold.flush();
    }
    expect(stepOf(await cold.at('a', 85))).toBe(85);
    expect(await cold.at('a', 50)).toBeUndefined();
    expect(blob.held.size).toBe(2);
    await cold.forget('a');
    expect(blob.held.size).toBe(0);
    expect(await cold.at('a', 85)).toBeUndefined();
  });

  test('V10: what is evicted later goes on the chain of its agent, in whatever order; a reader meanwhile finds it', async () => {
    const blob = new WatchedBlob();
    const cold = new ColdVersions(blob, { compressors: [deflateCompressor()] });
    const trees = versionsOf('a', 60);
    const reads: Promise<Tree | undefined>[] = [];
    for (const versions of [[0, 1, 2], [7, 5, 6], [3, 4], Array.from({ length: 52 }, (_, at) => at + 8)]) {
      for (const version of versions) cold.take({ agent: 'a', version, tree: trees[version] as Tree });
      const flushed = cold.flush();
      reads.push(cold.at('a', 1));
      await flushed;
    }
    expect(blob.held.size).toBe(1);
    for (const read of reads) expect((await read)?.root()).toBe(trees[1]?.root());
    for (const [version, tree] of trees.entries()) expect((await cold.at('a', version))?.root()).toBe(tree.root());
  });

  test('V10: what cannot be written stays readable and is written later', async () => {
    const blob = new WatchedBlob();
    const cold = new ColdVersions(blob);
    const trees = versionsOf('a', 5);
    blob.isBroken = true;
    for (const [version, tree] of trees.entries()) cold.take({ agent: 'a', version, tree });
    expect(await codeOf(cold.flush())).toContain('the disk is away');
    expect(stepOf(await cold.at('a', 4))).toBe(4);
    blob.isBroken = false;
    await cold.flush();
    expect(cold.waiting).toBe(0);
    expect(stepOf(await cold.at('a', 4))).toBe(4);
  });

  test('V10: an agent that is forgotten while its versions cannot be written does not come back with the next write', async () => {
    const blob = new WatchedBlob();
    const cold = new ColdVersions(blob);
    for (const [version, tree] of versionsOf('a', 5).entries()) cold.take({ agent: 'a', version, tree });
    blob.isBroken = true;
    const flushed = codeOf(cold.flush());
    await blob.begun;
    await cold.forget('a');
    await flushed;
    blob.isBroken = false;
    expect(await cold.at('a', 4)).toBeUndefined();
    await cold.flush();
    expect(blob.held.size).toBe(0);
  });

  test('G11: a blob that is gone is an error, and no version that never was', async () => {
    const blob = new WatchedBlob();
    const cold = new ColdVersions(blob);
    cold.take({ agent: 'a', version: 1, tree: treeOf(STATE_S) });
    await cold.flush();
    for (const address of [...blob.held.keys()]) await blob.delete(address as Parameters<MemoryBlob['delete']>[0]);
    expect(await codeOf(cold.at('a', 1))).toBe('corrupt');
    expect(await cold.at('a', 2)).toBeUndefined();
  });
});
