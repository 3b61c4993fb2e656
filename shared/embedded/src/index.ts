/**
 * The ports in one process.
 *
 *   const folder = await openFolder({ dir: '.skep' });
 *   const { log } = folder.ports;
 *   await log.append(lane, bytes, 0);       // on the disk when it resolves
 *   await folder.listen((channel) => ...);  // other processes reach it with connectHolder('.skep')
 *   await folder.close();
 *
 *   const ports = memoryPorts();            // the same without a disk
 */
export type { Channel } from './channel.js';
export { type ConnectOptions, connectHolder } from './connect-holder.js';
export { type Folder, type FolderOptions, openFolder } from './folder.js';
export { FRAME_BYTES_MAX } from './frame.js';
export { type HolderInfo, readHolderInfo } from './holder-info.js';
export { createLocalBus, type LocalBusOptions } from './local-bus.js';
export { MemoryBlob } from './memory-blob.js';
export { ENTRY_BYTES_MAX, MemoryLog } from './memory-log.js';
export { type MemoryPortsOptions, memoryPorts } from './memory-ports.js';
export { MemoryRegistry } from './memory-registry.js';
export { systemClock } from './system-clock.js';
export { systemRandom } from './system-random.js';
export { type StuckTurn, startWatchdog, type Watchdog, type WatchdogOptions } from './watchdog.js';
export { brotliCompressor, deflateCompressor } from './zlib-compressors.js';
