/** The compressors of the platform's zlib. */
import { brotliCompressSync, brotliDecompressSync, constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { SkepError } from '@skep/kernel';
import type { Compressor } from '@skep/ports';

/** Of the levels the last one that takes less than twice the time of the first. */
const DEFLATE_LEVEL = 6;
const BROTLI_QUALITY = 5;

export function deflateCompressor(): Compressor {
  return {
    name: 'deflate-raw',
    compress: (bytes) => deflateRawSync(bytes, { level: DEFLATE_LEVEL }),
    decompress: (bytes, bytesMax) => bounded(() => inflateRawSync(bytes, { maxOutputLength: Math.max(1, bytesMax) })),
  };
}

export function brotliCompressor(): Compressor {
  return {
    name: 'brotli',
    compress: (bytes) =>
      brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    decompress: (bytes, bytesMax) => bounded(() => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, bytesMax) })),
  };
}

function bounded(work: () => Uint8Array): Uint8Array {
  try {
    return work();
  } catch (error) {
    throw new SkepError('corrupt', { message: 'compressed bytes are damaged, or unfold to more than they declare', cause: error });
  }
}
