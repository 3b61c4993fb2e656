import { brotliCompressor, deflateCompressor } from '@skep/embedded';
import type { Compressor } from '@skep/ports';
import { CompressorChoice, enveloped, openEnvelope, packTree, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, STATE_S } from '../arbitrary.js';

const deflate = deflateCompressor();
const brotli = brotliCompressor();
const both = [deflate, brotli];
const prose = new TextEncoder().encode('the same words again and again, '.repeat(40));

function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

/** Counts what it is asked for. */
function counted(compressor: Compressor): Compressor & { readonly calls: () => number } {
  let calls = 0;
  return {
    ...compressor,
    calls: () => calls,
    compress(bytes) {
      calls += 1;
      return compressor.compress(bytes);
    },
  };
}

describe('P9: compression chosen by sampling', () => {
  test('P9: what is wrapped comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const body = Uint8Array.from([1, ...bytes]);
        for (const compressor of both) expect(openEnvelope(enveloped(body, compressor), both)).toEqual(Buffer.from(body));
      }),
      { numRuns: 100 },
    );
  });

  test('P9: a kind that gains is compressed with the best, one that does not is left alone after its samples', () => {
    const used = [counted(deflate), counted(brotli)];
    const choice = new CompressorChoice(used);
    for (let at = 0; at < 20; at += 1) {
      expect(choice.wrap('texts', prose).length).toBeLessThan(prose.length / 2);
      const random = noise(1_000, at);
      expect(choice.wrap('noise', random)).toBe(random);
    }
    expect(['deflate-raw', 'brotli']).toContain(choice.chosen('texts'));
    expect(choice.chosen('noise')).toBeUndefined();
    // 8 samples of two kinds with both, then 12 bodies with the one that was chosen.
    expect(used.reduce((sum, { calls }) => sum + calls(), 0)).toBe(2 * 8 * 2 + 12);
  });

  test('P9: short bodies are never compressed, and a pack of S gains', () => {
    const choice = new CompressorChoice(both);
    const short = prose.subarray(0, 200);
    expect(choice.wrap('short', short)).toBe(short);
    const pack = packTree(treeOf(STATE_S));
    expect(choice.wrap('s', pack).length).toBeLessThan(pack.length * 0.5);
  });

  test('P9: what an agent holds may change: kinds are sampled again', () => {
    const choice = new CompressorChoice([deflate]);
    for (let at = 0; at < 4_096; at += 1) choice.wrap('kind', noise(256, at));
    expect(choice.chosen('kind')).toBeUndefined();
    for (let at = 0; at < 8; at += 1) choice.wrap('kind', prose);
    expect(choice.chosen('kind')).toBe('deflate-raw');
  });
});

describe('G11: envelopes that are damaged or hostile', () => {
  test('G11: what unfolds to more or less than it declares is refused, and never beyond the limit', () => {
    const bomb = enveloped(new Uint8Array(1_000_000), deflate);
    expect(bomb.length).toBeLessThan(2_000);
    // The declared length stands behind the number of the compressor, in five bytes.
    const lying = Uint8Array.from([...bomb.subarray(0, 2), 100, ...bomb.subarray(7)]);
    expect(codeOf(() => openEnvelope(lying, both))).toBe('corrupt');
    const huge = Uint8Array.from([...bomb.subarray(0, 2), 0xce, 0xff, 0xff, 0xff, 0xff, ...bomb.subarray(7)]);
    expect(codeOf(() => openEnvelope(huge, both))).toBe('payload-too-large');
    const more = Uint8Array.from([...bomb.subarray(0, 2), 0xce, 0, 0x10, 0, 0, ...bomb.subarray(7)]);
    expect(codeOf(() => openEnvelope(more, both))).toBe('corrupt');
  });

  test('G11: compressors that are unknown or not given are named', () => {
    expect(codeOf(() => openEnvelope(Uint8Array.of(0xc1, 9, 1, 0), both))).toBe('unsupported-format');
    expect(codeOf(() => openEnvelope(enveloped(prose, brotli), [deflate]))).toBe('not-configured');
    expect(codeOf(() => openEnvelope(Uint8Array.of(0xc1, 1, 0xa1, 0x61), both))).toBe('malformed');
    expect(codeOf(() => openEnvelope(Uint8Array.of(0xc1, 1), both))).toBe('malformed');
    for (let at = 3; at < 40; at += 1) {
      const cut = enveloped(prose, deflate).subarray(0, at);
      expect(['corrupt', 'malformed']).toContain(codeOf(() => openEnvelope(cut, both)));
    }
  });
});
