import { spawn } from 'node:child_process';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '@skep/kernel';
import { draftOf, packTree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainOf } from '../../src/plain.js';
import { sizeOf } from '../../src/size.js';
import { PLAIN_SPACE } from '../../src/space.js';
import { Unsealer } from '../../src/unseal.js';
import { values } from '../arbitrary.js';
import { BOMBS, laughs } from './bombs.js';
import { forge, nodesOf, replaced } from './forge.js';
import { judge, refusalOf } from './judge.js';
import { harmed, harms } from './mutate.js';

/** What the process that reads bombs has, in megabytes. */
const HEAP_MAX = 64;
const READER = fileURLToPath(new URL('./read-bomb.mjs', import.meta.url));

interface Reading {
  readonly outcome: string;
  readonly declared: number;
  readonly arrayBuffers: number;
}

describe('G11, V13: bombs', { timeout: 120_000 }, () => {
  let read: (pack: Uint8Array, use: 'all' | 'some') => Promise<Reading>;
  let end: () => void;

  beforeAll(() => {
    const child = spawn(execPath, [`--max-old-space-size=${HEAP_MAX}`, READER], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    end = () => void child.kill();
    // If it died, the answer that does not come tells.
    child.stdin.on('error', () => undefined);
    read = async (pack, use) => {
      child.stdin.write(`${JSON.stringify({ bytes: Buffer.from(pack).toString('base64'), use })}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the process that has ${HEAP_MAX} MB died of this`);
      return JSON.parse(value) as Reading;
    };
  });
  afterAll(() => end());

  const refused = BOMBS.filter(({ outcome }) => outcome !== 'large').map((bomb) => [bomb.name, bomb] as const);
  test.each(refused)('G11: %s is refused, with little memory', async (_, { pack, outcome }) => {
    const reading = await read(pack, 'all');
    expect(reading.outcome).toBe(outcome);
    expect(reading.arrayBuffers).toBeLessThan(2 * LIMITS.stateBytes);
    expect(judge(pack)).toBe(outcome);
  });

  test('G11, V2: what unfolds to the limit can be read in part with little memory', async () => {
    for (const { pack } of BOMBS.filter(({ outcome }) => outcome === 'large')) {
      const reading = await read(pack, 'some');
      expect(reading.outcome).toBe('accepted');
      expect(reading.declared).toBeGreaterThan(LIMITS.stateBytes / 2);
      expect(reading.declared).toBeLessThanOrEqual(LIMITS.stateBytes);
    }
  });

  test('G11: what unfolds to some megabytes is read in whole with some megabytes', async () => {
    const pack = forge(laughs(3, 8));
    const { declared } = await read(pack, 'all');
    expect(declared).toBe(unpackTree(pack).byteLength);
    expect(declared).toBeGreaterThan(pack.length * 200);
  });
});

describe('G11: what is declared must be possible', () => {
  test('G11: a list never has more items than its length in bytes', () => {
    for (const { name, pack } of BOMBS.filter((each) => each.name.startsWith('a vector'))) {
      expect([name, refusalOf(() => unpackTree(pack))]).toEqual([name, 'malformed']);
    }
  });

  test('G11: a draft of a bomb looks at its length and no further', () => {
    const { length } = draftOf<unknown[]>(unpackTree(forge(laughs(4, 15)))).state;
    expect(length).toBe(15);
  });
});

describe('G11: bounded work', () => {
  test('G11: never more nodes are read than the declared length can hold', () => {
    fc.assert(
      fc.property(values, fc.nat(), harms, (value, pick, harm) => {
        const nodes = nodesOf(packTree(treeOf(value)));
        const at = pick % nodes.length;
        const forged = replaced(nodes, at, harmed(nodes[at] as Uint8Array, harm, nodes[0] as Uint8Array));
        const known = new Map(forged.map((node) => [Buffer.from(PLAIN_SPACE.hash(node)).toString('hex'), node]));
        let reads = 0;
        const unsealer = new Unsealer(PLAIN_SPACE, {
          heldBytes: 0,
          bytesOf: (hash) => {
            reads += 1;
            return known.get(Buffer.from(hash).toString('hex'));
          },
        });
        let declared = 0;
        refusalOf(() => {
          const item = unsealer.root(PLAIN_SPACE.hash(forged.at(-1) as Uint8Array));
          declared = sizeOf(item);
          plainOf(item, 0);
        });
        expect(declared).toBeGreaterThanOrEqual(0);
        const bytes = forged.reduce((sum, node) => sum + node.length, 0);
        expect(reads).toBeLessThanOrEqual(1 + (bytes + declared) / 16);
      }),
      { numRuns: 400 },
    );
  });
});
