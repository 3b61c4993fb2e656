/**
 * Scenarios: a script drives lanes step by step over a small log and directory, and what they put out is printed under each step.
 *
 *   n0 claim a                  n0's lane starts to take agent a
 *   n0 write a one              a turn: one record, then a flush      (`queue` for a record without a flush)
 *   n0 read a                   a strong read, then a flush
 *   n0 settle a 2 1             names a snapshot: records up to 2, taken when batch 1 was the last one acknowledged
 *   n0 free a 2 2               the same, and lets go
 *   n0 seal n1 | retire n1 | trim | flush
 *   n0 ok 3                     request 3 takes effect and is answered
 *   n0 lost 3                   it takes effect, and its answer is lost: `unknown`
 *   n0 drop 3                   it does not take effect, and is answered `unknown`; `late n0 3` makes it take effect afterwards
 *   n0 refuse 3                 it is refused for certain
 *   n0 stale 3 1                a directory read returns the entry's revision 1
 *   log n0 | directory a        prints what is stored
 *   rot n0 2                    flips a bit in the lane's entry 2
 *
 * Lanes are called n0, n1 ...; `#` begins a remark, which is kept.
 */
import { type AgentId, agentId, type LaneId, SkepError } from '@skep/kernel';
import type { LogEntry } from '@skep/ports';
import { type Answer, type DirectoryEntry, decodeBatch, Lane, type LaneRequest, LaneTail, type RequestId, recoverAgent } from '../src/index.js';
import { bytesOf, snapshotAt } from './driven-lane.js';
import { entryText, eventText, requestText, textOfBatch } from './scenario-text.js';

const REFUSED = new SkepError('disk-full', { message: 'the disk is full' });

const laneOf = (node: string) => `main/1/${node}` as LaneId;
const agentOf = (name: string): AgentId => agentId({ tenant: 'default', kind: 'bee', name });

interface Driven {
  readonly lane: Lane;
  readonly requests: Map<RequestId, LaneRequest>;
  /** Ticket of the last record of each agent. */
  readonly written: Map<AgentId, number>;
}

/** The script with what each of its steps put out. */
export function playScenario(script: string): string {
  const scenario = new Scenario();
  const lines = script.trimEnd().split('\n');
  return `${lines.flatMap((line) => (line === '' || line.startsWith('#') ? [line] : [line, ...scenario.play(line).map((each) => `    ${each}`)])).join('\n')}\n`;
}

class Scenario {
  private readonly nodes = new Map<string, Driven>();
  private readonly lanes = new Map<LaneId, LogEntry[]>();
  private readonly directory = new Map<AgentId, DirectoryEntry[]>();
  private readonly late = new Map<string, LaneRequest>();
  private exclusive = false;

  play(line: string): readonly string[] {
    const [first = '', verb = '', ...words] = line.split(' ');
    switch (first) {
      case 'exclusive':
        this.exclusive = true;
        return [];
      case 'log':
        return this.entriesOf(laneOf(verb)).map(({ sequence, bytes }) => `${sequence}: ${textOfBatch(decodeBatch(bytes))}`);
      case 'directory':
        return (this.directory.get(agentOf(verb)) ?? []).map((entry, index) => `${index + 1}: ${entryText(entry)}`);
      case 'rot': {
        const bytes = this.entriesOf(laneOf(verb)).find(({ sequence }) => sequence === Number(words[0]))?.bytes ?? new Uint8Array();
        bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
        return [];
      }
      case 'late':
        return this.executeLate(verb, words[0] ?? '');
      default:
        return this.act(first, verb, words);
    }
  }

  private act(node: string, verb: string, words: readonly string[]): readonly string[] {
    const driven = this.driven(node);
    const { lane } = driven;
    const remarks: string[] = [];
    try {
      const remark = this.perform(driven, { node, verb, words });
      if (remark !== undefined) remarks.push(remark);
    } catch (error) {
      if (!(error instanceof SkepError)) throw error;
      remarks.push(`refused: ${error.message} [${error.code}]`);
    }
    for (const output of lane.take()) {
      if ('request' in output) {
        driven.requests.set(output.request, output);
        remarks.push(`#${output.request} ${requestText(output)}`);
        continue;
      }
      remarks.push(eventText(output));
      if (output.kind === 'trim') this.trim(output.lane, output.below);
    }
    return remarks;
  }

  private perform(driven: Driven, { node, verb, words }: { readonly node: string; readonly verb: string; readonly words: readonly string[] }) {
    const { lane, written } = driven;
    const [word = '', ...more] = words;
    switch (verb) {
      case 'claim':
        return lane.claim(agentOf(word));
      case 'write':
      case 'queue':
        written.set(agentOf(word), lane.write(agentOf(word), bytesOf(more.join(' '))));
        if (verb === 'write') lane.flush();
        return `ticket ${written.get(agentOf(word))}`;
      case 'read': {
        const ticket = lane.barrier(written.get(agentOf(word)) ?? 0);
        lane.flush();
        return ticket <= lane.released ? 'answered at once' : `waits for ticket ${ticket}`;
      }
      case 'settle':
        return lane.settle(agentOf(word), snapshotAt(Number(more[0]), Number(more[1]))) ? undefined : 'not now';
      case 'free':
        return lane.free(agentOf(word), snapshotAt(Number(more[0]), Number(more[1]))) ? undefined : 'not now';
      case 'seal':
        return lane.seal(laneOf(word));
      case 'retire':
        return lane.retire(laneOf(word));
      case 'trim':
        return lane.trim();
      case 'flush':
        return lane.flush();
      default:
        return this.reply(driven, { node, verb, id: Number(word), revision: Number(more[0]) });
    }
  }

  private reply(
    driven: Driven,
    { node, verb, id, revision }: { readonly node: string; readonly verb: string; readonly id: number; readonly revision: number },
  ) {
    const request = driven.requests.get(id);
    if (request === undefined) throw new Error(`${node} has no request ${id}`);
    driven.requests.delete(id);
    switch (verb) {
      case 'ok':
        return this.told(driven, id, this.execute(driven, request));
      case 'lost':
        this.execute(driven, request);
        return this.told(driven, id, { kind: 'unknown' });
      case 'drop':
        this.late.set(`${node} ${id}`, request);
        return this.told(driven, id, { kind: 'unknown' });
      case 'refuse':
        return this.told(driven, id, { kind: 'failed', error: REFUSED });
      case 'stale': {
        const entry = request.kind === 'get' ? this.directory.get(request.agent)?.[revision - 1] : undefined;
        return this.told(driven, id, { kind: 'entry', entry, revision });
      }
      default:
        throw new Error(`a scenario knows no "${verb}"`);
    }
  }

  private told(driven: Driven, id: number, answer: Answer): string | undefined {
    driven.lane.answer(id, answer);
    return answer.kind === 'conflict' ? 'conflict' : undefined;
  }

  private executeLate(node: string, id: string): readonly string[] {
    const request = this.late.get(`${node} ${id}`);
    if (request === undefined) throw new Error(`no request ${id} of ${node} was dropped`);
    return [this.execute(this.driven(node), request).kind === 'conflict' ? 'too late' : 'takes effect'];
  }

  private execute(driven: Driven, request: LaneRequest): Answer {
    switch (request.kind) {
      case 'append': {
        const entries = this.entriesOf(request.lane);
        const last = entries.at(-1)?.sequence ?? 0;
        if (last !== request.expected) return { kind: 'conflict' };
        entries.push({ sequence: last + 1, bytes: request.bytes.slice() });
        return { kind: 'appended', sequence: last + 1 };
      }
      case 'last':
        return { kind: 'last', entry: this.entriesOf(request.lane).at(-1) };
      case 'get': {
        const states = this.directory.get(request.agent) ?? [];
        return { kind: 'entry', entry: states.at(-1), revision: states.length };
      }
      case 'update': {
        const states = this.directory.get(request.agent) ?? [];
        if (states.length !== request.expected) return { kind: 'conflict' };
        this.directory.set(request.agent, [...states, request.entry]);
        return { kind: 'updated', revision: states.length + 1 };
      }
      case 'recover':
        return recoverAgent({ ...request, ownLane: driven.lane.id, tailOf: (lane) => this.tailOf(lane) });
    }
  }

  private tailOf(lane: LaneId): LaneTail {
    const tail = new LaneTail(lane);
    tail.push(this.entriesOf(lane));
    return tail;
  }

  private entriesOf(lane: LaneId): LogEntry[] {
    const entries = this.lanes.get(lane) ?? [];
    this.lanes.set(lane, entries);
    return entries;
  }

  private trim(lane: LaneId, below: number): void {
    this.lanes.set(
      lane,
      this.entriesOf(lane).filter(({ sequence }) => sequence >= below),
    );
  }

  private driven(node: string): Driven {
    const known = this.nodes.get(node);
    if (known !== undefined) return known;
    const made = { lane: new Lane({ lane: laneOf(node), exclusive: this.exclusive }), requests: new Map(), written: new Map() };
    this.nodes.set(node, made);
    return made;
  }
}
