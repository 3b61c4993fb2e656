import { brotliCompressor, deflateCompressor } from '@skep/embedded';
import { compressorConformance } from '@skep/ports/conformance';

compressorConformance('deflate of the platform', deflateCompressor);
compressorConformance('brotli of the platform', brotliCompressor);
