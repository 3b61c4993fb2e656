/** What a V8 CPU profile says, added up. */
import { basename } from 'node:path';

/** The part of the format that is read: a tree of calls, and which of its nodes each sample met. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples?: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas?: readonly number[];
}

/** A function below its callers; `us` includes what it called. */
export interface Frame {
  readonly name: string;
  us: number;
  readonly children: Map<string, Frame>;
}

const WAITING: readonly string[] = ['(idle)', '(program)'];

/** The calls from the root down, those of one name under one caller taken together; without waiting. */
export function framesOf(profile: CpuProfile): Frame {
  const self = selfTimes(profile);
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const add = (id: number, into: Map<string, Frame>): number => {
    const node = byId.get(id);
    if (node === undefined || WAITING.includes(node.callFrame.functionName)) return 0;
    const name = nameOf(node);
    const frame = into.get(name) ?? { name, us: 0, children: new Map() };
    into.set(name, frame);
    let us = self.get(id) ?? 0;
    for (const child of node.children ?? []) us += add(child, frame.children);
    frame.us += us;
    return us;
  };
  const top = new Map<string, Frame>();
  const root = profile.nodes[0];
  if (root !== undefined) for (const child of root.children ?? []) add(child, top);
  return { name: 'all', us: [...top.values()].reduce((sum, { us }) => sum + us, 0), children: top };
}

/** Functions by the time spent in themselves, the hottest first, as shares of all time that was not waiting. */
export function hottestOf(profile: CpuProfile, count: number): readonly { readonly name: string; readonly share: number }[] {
  const self = selfTimes(profile);
  const byName = new Map<string, number>();
  let all = 0;
  for (const node of profile.nodes) {
    const us = self.get(node.id) ?? 0;
    if (us === 0 || WAITING.includes(node.callFrame.functionName)) continue;
    all += us;
    byName.set(nameOf(node), (byName.get(nameOf(node)) ?? 0) + us);
  }
  const sorted = [...byName].sort(([, one], [, other]) => other - one);
  return sorted.slice(0, count).map(([name, us]) => ({ name, share: us / all }));
}

function selfTimes({ samples = [], timeDeltas = [] }: CpuProfile): ReadonlyMap<number, number> {
  const self = new Map<number, number>();
  // A sample stands for the time until the next one.
  for (const [index, id] of samples.entries()) self.set(id, (self.get(id) ?? 0) + Math.max(0, timeDeltas[index + 1] ?? 0));
  return self;
}

/** The function with its room and file, such as `encode (kernel/codec.js:12)`. */
function nameOf({ callFrame: { functionName, url, lineNumber } }: CpuProfile['nodes'][number]): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const room = /\/(?:shared|services)\/(\w+)\/(?:dist|src)\//.exec(url)?.[1] ?? /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  const file = room === undefined ? basename(url) : `${room}/${basename(url)}`;
  return `${name} (${file}:${lineNumber + 1})`;
}
