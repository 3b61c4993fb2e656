/**
 * The ports over NATS. The servers themselves are started by `@skep/nats/servers`.
 *
 *   const ports = natsPorts({ servers: ['nats://127.0.0.1:4222'], clock, random });
 *   const report = await ports.ready;
 *   const { sequence } = await ports.log.append(lane, bytes, 0);
 *   await ports.close();
 */
export type { LinkState } from './link.js';
export { BLOB_BYTES_MAX, CHUNK_BYTES } from './nats-blob.js';
export { ENTRY_BYTES_MAX } from './nats-log.js';
export { type NatsPorts, natsBus, natsPorts } from './nats-ports.js';
export { type ConnectOptions, type Credentials, type NatsPortsOptions, NODE_INBOX, ROOT, type TlsFiles } from './options.js';
export type { ProbeReport, ServerReport } from './probe.js';
export { mayAnswer } from './subject.js';
