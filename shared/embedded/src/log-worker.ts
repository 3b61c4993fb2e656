/** The thread that owns `log.db`: lanes and registry, committed together. */
import { assertNever } from '@skep/kernel';
import { LOG_SCHEMA, LogTables } from './log-tables.js';
import { REGISTRY_SCHEMA, RegistryTables } from './registry-tables.js';
import type { LogRequest } from './store-message.js';
import { serveStore } from './store-worker.js';

/** A trim writes no payload, yet touches pages. */
const TRIM_STEP_BYTES = 64 * 1024;

serveStore<LogRequest>(LOG_SCHEMA + REGISTRY_SCHEMA, (database) => {
  const log = new LogTables(database);
  const registry = new RegistryTables(database);
  return {
    perform(request) {
      switch (request.kind) {
        case 'append':
          return log.append(request.lane, request.bytes, request.expected);
        case 'read':
          return log.read(request.lane, request.from, request.bytesMax);
        case 'last':
          return log.last(request.lane);
        case 'trim':
          return log.trim(request.lane, request.below);
        case 'get':
          return registry.get(request.key);
        case 'update':
          return registry.update(request.key, request.value, request.expected);
        case 'list':
          return registry.list(request.prefix, request.after, request.limit);
        default:
          return assertNever(request);
      }
    },
    writtenBytes(request) {
      if (request.kind === 'append') return request.bytes.length + 1;
      if (request.kind === 'update') return request.value.length + 1;
      return request.kind === 'trim' ? TRIM_STEP_BYTES : 0;
    },
    flush: () => registry.flush(),
    forget() {
      log.forget();
      registry.forget();
    },
  };
});
