/**
 * The conformance suites: what an adapter has to pass. They need vitest, which only tests have.
 *
 *   import { logConformance } from '@skep/ports/conformance';
 *
 *   logConformance('memory', async () => ({ log: new MemoryLog(), entryBytesMax: ENTRY_BYTES_MAX }));
 */
export { type BlobSubject, blobConformance } from './blob.js';
export { type BusSubject, busConformance } from './bus.js';
export { type ClockSubject, clockConformance } from './clock.js';
export { compressorConformance } from './compressor.js';
export { codeOfRejection, eventually } from './eventually.js';
export { type LogSubject, logConformance } from './log.js';
export { randomConformance } from './random.js';
export { type RegistrySubject, registryConformance } from './registry.js';
