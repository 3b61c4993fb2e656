/**
 * What callers of a client hand in, checked once: they may be plain JavaScript, or another process. Whatever is refused here has
 * reached nothing (G13).
 */
import { type AgentId, checkName, encode, normalize, parseAgentId, SkepError, type Value } from '@skep/kernel';
import type { CallOptions, ListFilter } from './client.js';

/** Texts that are surely below every sensible limit are not measured. */
const SHORT_TEXT = 100;
const STATUSES = ['active', 'suspended', 'stopped', 'quarantined', 'terminated'] as const;

/** @throws SkepError `invalid-id` */
export function checkAgent(agent: unknown): asserts agent is AgentId {
  if (typeof agent !== 'string') {
    throw new SkepError('invalid-id', {
      message: `an agent is addressed by text, tenant/kind/id, not by ${nameOfType(agent)}`,
      id: String(agent).slice(0, 64),
    });
  }
  parseAgentId(agent);
}

/** The input as a value of its own, so that the caller may go on changing what it handed in. @throws SkepError `invalid-value`, `payload-too-large` */
export function checkedInput(input: unknown, { id, bytesMax }: { readonly id: string; readonly bytesMax: number }): Value {
  if (input === undefined || input === null) return null;
  const value = normalize(input);
  const bytes = sizeOf(value);
  if (bytes <= bytesMax) return value;
  throw new SkepError('payload-too-large', {
    message: `the input has ${bytes} bytes, the limit is ${bytesMax}`,
    id,
    remedy: 'Send it in several calls, or store the large value outside and send its address.',
  });
}

/** @throws SkepError `invalid-input` */
export function checkCallOptions(options: CallOptions): void {
  checkObject('options', options);
  if (options.operation !== undefined && typeof options.operation !== 'string') throw refused('operation', 'a UUIDv7 as text');
  if (options.expectedVersion !== undefined) checkCount('expectedVersion', options.expectedVersion);
  const { deadlineMs } = options;
  if (deadlineMs !== undefined && !(typeof deadlineMs === 'number' && deadlineMs > 0)) throw refused('deadlineMs', 'a number of ms above 0');
}

/** @throws SkepError `invalid-input` */
export function checkRange(range: { readonly from?: unknown; readonly to?: unknown; readonly limit?: unknown }): void {
  checkObject('the range', range);
  for (const name of ['from', 'to', 'limit'] as const) if (range[name] !== undefined) checkCount(name, range[name]);
}

/** @throws SkepError `invalid-input`, `invalid-id` */
export function checkFilter(filter: ListFilter): void {
  checkObject('the filter', filter);
  for (const name of ['tenant', 'kind'] as const) if (filter[name] !== undefined) checkName(name, filter[name]);
  if (filter.tag !== undefined && typeof filter.tag !== 'string') throw refused('tag', 'text');
  if (filter.after !== undefined) checkAgent(filter.after);
  if (filter.limit !== undefined) checkCount('limit', filter.limit);
  if (filter.status !== undefined && !STATUSES.some((each) => each === filter.status)) throw refused('status', `one of ${STATUSES.join(', ')}`);
}

/** @throws SkepError `invalid-input`, `invalid-id` */
export function checkRestoreTarget(target: { readonly version?: unknown; readonly checkpoint?: unknown }): void {
  checkObject('the target', target);
  if ('version' in target === 'checkpoint' in target) throw refused('the target', 'either { version } or { checkpoint }');
  if ('checkpoint' in target) checkName('checkpoint', target.checkpoint);
}

/** @throws SkepError `invalid-input` */
export function checkObject(what: string, given: unknown): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw refused(what, 'an object');
}

/** @throws SkepError `invalid-input` */
export function checkCount(what: string, given: unknown): asserts given is number {
  if (typeof given !== 'number' || !Number.isSafeInteger(given) || given < 0) throw refused(what, 'a whole number from 0');
}

function refused(what: string, asked: string): SkepError {
  return new SkepError('invalid-input', { message: `${what} must be ${asked}`, remedy: 'Correct the arguments of the call.' });
}

/** Encoded size in bytes; an upper bound where that is small anyway. */
function sizeOf(value: Value): number {
  if (typeof value === 'string' && value.length < SHORT_TEXT) return value.length * 3 + 5;
  return typeof value === 'number' || typeof value === 'boolean' ? 9 : encode(value).length;
}

function nameOfType(given: unknown): string {
  return given === null ? 'null' : Array.isArray(given) ? 'a list' : `a value of type ${typeof given}`;
}
