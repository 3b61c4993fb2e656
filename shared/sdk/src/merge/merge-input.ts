/** What callers hand in for a merge, checked once. Whatever is refused here has reached nothing (G13). */
import { type AgentId, parseAgentId, SkepError } from '@skep/kernel';
import { checkAgent, checkObject } from '../client-input.js';
import type { MergeRequest } from './agent-merge.js';

const STRATEGIES = ['ours', 'theirs', 'last-writer', 'counter', 'set', 'text'] as const;
const RESOLUTIONS = ['ours', 'theirs', 'value', 'absent'] as const;
/** Rules and resolutions of one merge. */
const ENTRIES_MAX = 10_000;

/** @throws SkepError `invalid-input`, `invalid-id` */
export function checkMergeRequest(agent: AgentId, request: MergeRequest): void {
  checkObject('the merge', request);
  checkAgent(request.from);
  const [ours, theirs] = [parseAgentId(agent), parseAgentId(request.from)];
  if (ours.tenant !== theirs.tenant || ours.kind !== theirs.kind) {
    throw new SkepError('invalid-input', {
      message: `${request.from} is of another kind or tenant`,
      id: agent,
      remedy: 'Merge agents of one kind only.',
    });
  }
  if (agent === request.from) throw refused('from', 'another agent');
  if (request.dryRun !== undefined && typeof request.dryRun !== 'boolean') throw refused('dryRun', 'true or false');
  for (const rule of listOf('rules', request.rules)) {
    checkObject('a rule', rule);
    checkPath(rule);
    checkStrategy(rule);
  }
  for (const resolved of listOf('resolutions', request.resolutions)) {
    checkObject('a resolution', resolved);
    checkPath(resolved);
    const { resolution } = resolved as { readonly resolution?: { readonly kind?: unknown } };
    if (!RESOLUTIONS.some((each) => each === resolution?.kind)) throw refused('a resolution', `one of ${RESOLUTIONS.join(', ')}`);
  }
}

function listOf(what: string, given: unknown): readonly unknown[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > ENTRIES_MAX) throw refused(what, `a list of at most ${ENTRIES_MAX}`);
  return given;
}

/** @throws SkepError `invalid-input` */
export function checkPath({ path }: { readonly path?: unknown }): void {
  if (Array.isArray(path) && path.every((step) => typeof step === 'string' || typeof step === 'number')) return;
  throw refused('a path', 'a list of keys and indexes');
}

function checkStrategy({ resolve }: { readonly resolve?: unknown }): void {
  if (typeof resolve === 'function' || STRATEGIES.some((each) => each === resolve)) return;
  const { kind, key } = (typeof resolve === 'object' && resolve !== null ? resolve : {}) as { readonly kind?: unknown; readonly key?: unknown };
  if (kind === 'list-by-id' && typeof key === 'string') return;
  throw refused('how a rule resolves', `one of ${STRATEGIES.join(', ')}, or { kind: 'list-by-id', key }`);
}

function refused(what: string, asked: string): SkepError {
  return new SkepError('invalid-input', { message: `${what} must be ${asked}`, remedy: 'Correct the arguments of the merge.' });
}
