/**
 * A node of a cluster as a library; the program is `main.ts`.
 *
 *   const service = new NodeService({ configuration, lines, onEnd: () => process.exit(0) });
 *   const { incarnation, level } = await service.start();
 *   await service.stop();
 */
export { readArguments, USAGE } from './arguments.js';
export { type EventLines, type EventName, eventLines } from './event-lines.js';
export { NodeService, type NodeServiceOptions } from './node-service.js';
