/**
 * Which compressor to use, if any: decided by sampling, for each kind of agent apart. The first bodies of a kind are compressed with all of
 * them; after that the best one is used, or none. Now and then it is sampled again, as what agents hold changes.
 *
 * - Z1 Bodies shorter than `COMPRESSED_MIN` are left as they are: framing and time are worth more than what is gained.
 * - Z2 What gains less than a tenth is not compressed.
 */
import type { Compressor } from '@skep/ports';
import { enveloped } from './envelope.js';

const COMPRESSED_MIN = 256;
const SAMPLES = 8;
/** Bodies after which a kind is sampled again. */
const SAMPLED_AGAIN = 4_096;
const GAIN_MIN = 0.1;

interface Sample {
  bodies: number;
  bytes: number;
  /** Compressed, for each compressor. */
  readonly sealed: number[];
  chosen: Compressor | undefined;
}

export class CompressorChoice {
  private readonly samples = new Map<string, Sample>();

  constructor(private readonly compressors: readonly Compressor[]) {}

  /** What to keep of a body: in an envelope, or as it is. */
  wrap(kind: string, bytes: Uint8Array): Uint8Array {
    if (bytes.length < COMPRESSED_MIN || this.compressors.length === 0) return bytes;
    const sample = this.sampleOf(kind);
    sample.bodies += 1;
    if (sample.bodies <= SAMPLES) return this.sampled(sample, bytes);
    return sample.chosen === undefined ? bytes : worthwhile(bytes, enveloped(bytes, sample.chosen));
  }

  /** What was chosen for a kind; undefined: none, or not yet. */
  chosen(kind: string): Compressor['name'] | undefined {
    return this.samples.get(kind)?.chosen?.name;
  }

  private sampleOf(kind: string): Sample {
    const known = this.samples.get(kind);
    if (known !== undefined && known.bodies < SAMPLED_AGAIN) return known;
    const fresh = { bodies: 0, bytes: 0, sealed: this.compressors.map(() => 0), chosen: known?.chosen };
    this.samples.set(kind, fresh);
    return fresh;
  }

  private sampled(sample: Sample, bytes: Uint8Array): Uint8Array {
    let best = bytes;
    sample.bytes += bytes.length;
    for (const [at, compressor] of this.compressors.entries()) {
      const sealed = enveloped(bytes, compressor);
      sample.sealed[at] = (sample.sealed[at] as number) + sealed.length;
      if (sealed.length < best.length) best = sealed;
    }
    if (sample.bodies === SAMPLES) sample.chosen = this.best(sample);
    return worthwhile(bytes, best);
  }

  private best({ bytes, sealed }: Sample): Compressor | undefined {
    const least = Math.min(...sealed);
    return least <= bytes * (1 - GAIN_MIN) ? this.compressors[sealed.indexOf(least)] : undefined;
  }
}

function worthwhile(bytes: Uint8Array, sealed: Uint8Array): Uint8Array {
  return sealed.length <= bytes.length * (1 - GAIN_MIN) ? sealed : bytes;
}
