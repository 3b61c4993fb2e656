/** What lanes put out, in words. */
import { assertNever } from '@skep/kernel';
import {
  type Batch,
  type DirectoryEntry,
  decodeBatch,
  type LaneEvent,
  type LaneRecord,
  type LaneRequest,
  type Range,
  type SnapshotReference,
} from '../src/index.js';
import { textOf } from './driven-lane.js';

const nodeOf = (lane: string) => lane.split('/').at(-1);
const nameOf = (agent: string) => agent.split('/').at(-1);

export function textOfBatch({ kind, number, records }: Batch): string {
  return kind === 'seal' ? `seal, batch ${number}` : `batch ${number} [${records.map(recordText).join(', ')}]`;
}

export function entryText({ owner, since, epoch, trail, snapshot, free }: DirectoryEntry): string {
  const parts = [`${nodeOf(owner)} since batch ${since}`, `epoch ${epoch}`];
  if (trail.length > 0) parts.push(`trail ${rangesText(trail)}`);
  if (snapshot !== null) parts.push(snapshotText(snapshot));
  if (free) parts.push('free');
  return parts.join(', ');
}

export function requestText(request: LaneRequest): string {
  switch (request.kind) {
    case 'append':
      return `append ${textOfBatch(decodeBatch(request.bytes))} to ${nodeOf(request.lane)} after ${request.expected}${pauseText(request.attempt)}`;
    case 'last':
      return `read the last record of ${nodeOf(request.lane)}`;
    case 'get':
      return `read the entry of ${nameOf(request.agent)}`;
    case 'update':
      return `write the entry of ${nameOf(request.agent)} at revision ${request.expected}: ${entryText(request.entry)}`;
    case 'recover': {
      const from = [
        ...(request.snapshot === null ? [] : [snapshotText(request.snapshot)]),
        ...(request.ranges.length === 0 ? [] : [rangesText(request.ranges)]),
      ];
      return `recover ${nameOf(request.agent)} from ${from.join(' and ')}`;
    }
    default:
      return assertNever(request);
  }
}

export function eventText(event: LaneEvent): string {
  switch (event.kind) {
    case 'released':
      return `released through ticket ${event.through}, batch ${event.batch}`;
    case 'aborted':
      return `given up (${event.error.code}): ${event.agents.map(nameOf).join(', ') || 'no agent'}`;
    case 'owned': {
      const base = event.snapshot === null ? '' : `${snapshotText(event.snapshot)} and `;
      return `owns ${nameOf(event.agent)} in epoch ${event.epoch} with ${base}[${event.records.map(recordText).join(', ')}]`;
    }
    case 'refused':
      return `may not own ${nameOf(event.agent)}: ${refusalText(event)}`;
    case 'settled':
      return `settled ${nameOf(event.agent)} at record ${event.position}`;
    case 'unsettled':
      return `could not settle ${nameOf(event.agent)} (${event.error.code})`;
    case 'freed':
      return `let go of ${nameOf(event.agent)}${event.certain === 'yes' ? '' : ', perhaps'}`;
    case 'lost':
      return `lost ${nameOf(event.agent)}`;
    case 'sealed':
      return `${nodeOf(event.lane)} is sealed by batch ${event.number}`;
    case 'unsealed':
      return `${nodeOf(event.lane)} cannot be sealed: ${event.error.message}`;
    case 'trim':
      return `trims ${nodeOf(event.lane)} below ${event.below}`;
    case 'dead':
      return `DEAD: ${event.why}`;
    default:
      return assertNever(event);
  }
}

function refusalText({ why }: Extract<LaneEvent, { kind: 'refused' }>): string {
  if (why.kind === 'elsewhere') return `${nodeOf(why.owner)} does`;
  return why.kind === 'damaged' ? why.message : why.error.code;
}

function recordText({ agent, epoch, position, body }: LaneRecord): string {
  return `${nameOf(agent)}${position} "${textOf(body)}" (epoch ${epoch})`;
}

function rangesText(ranges: readonly Range[]): string {
  return ranges.map(({ lane, from, upTo, epoch }) => `${nodeOf(lane)} ${from}-${upTo} (epoch ${epoch})`).join(' + ');
}

function snapshotText({ position }: SnapshotReference): string {
  return `snapshot of ${position}`;
}

function pauseText(attempt: number): string {
  return attempt === 0 ? '' : `, after pause ${attempt}`;
}
