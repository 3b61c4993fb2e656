/** One sequence of operations on states, all of it from one seed. */

import { SeededRandom } from '@skep/simulated';
import * as state from '@skep/state';
import { Content, type Growth } from './content.js';
import { ForestWorld } from './forest-world.js';
import { MergeWorld } from './merge-world.js';
import { RetainedWorld } from './retained-world.js';
import { crowdedKey, KEYED, type StateRoom } from './state-room.js';
import { TreeWorld } from './tree-world.js';

export interface SequenceResult {
  readonly seed: number;
  readonly operations: number;
  /** Comparisons with the model. */
  readonly checks: number;
  /** What promise was broken; undefined if none was. */
  readonly broken: string | undefined;
}

export interface SequenceOptions {
  /** The state room, or one with a mistake in it. */
  readonly room?: StateRoom;
  /** Hears what is done, operation by operation. */
  readonly observe?: (done: string) => void;
}

interface SequenceWorld {
  readonly checks: number;
  step(): string;
  end(): void;
}

/** Most sequences are short, so that there are many; these are the longest of the short and of the long ones. */
const SHORT_OPERATIONS = 8;
const LONG_OPERATIONS = 24;
const LONG_SHARE = 0.08;
const MERGE_SHARE = 0.08;
const FOREST_SHARE = 0.05;
const RETAINED_SHARE = 0.05;
/** How often each growth comes, in thousandths; small ones else. */
const GROWTHS: readonly (readonly [Growth, number])[] = [
  ['wide', 110],
  ['long', 70],
  ['very long', 4],
  ['chunked', 20],
];
const DESCRIBED_OPERATIONS = 40;

export function runSequence(seed: number, { room = state, observe }: SequenceOptions = {}): SequenceResult {
  const random = new SeededRandom(`state ${seed}`);
  let operations = 0;
  let world: SequenceWorld | undefined;
  try {
    world = worldOf(random, room);
    const isLong = world instanceof MergeWorld || world instanceof RetainedWorld || random.chance(LONG_SHARE);
    const planned = random.between(2, isLong ? LONG_OPERATIONS : SHORT_OPERATIONS);
    for (; operations < planned; operations += 1) {
      const done = world.step();
      observe?.(done);
    }
    world.end();
  } catch (error) {
    return { seed, operations, checks: world?.checks ?? 0, broken: error instanceof Error ? error.message : String(error) };
  }
  return { seed, operations, checks: world.checks, broken: undefined };
}

/** What was broken, the operations before it, and how to see it again. */
export function describeSequence({ seed, broken, operations }: SequenceResult): string {
  const done: string[] = [];
  runSequence(seed, { observe: (each) => done.push(each) });
  const lines = done.slice(-DESCRIBED_OPERATIONS).map((each) => `  ${each}`);
  return [
    `sequence ${seed} broke a promise after ${operations} operations: ${broken}`,
    ...lines,
    `Replay: npm run soak -- --state --seed ${seed}`,
  ].join('\n');
}

function worldOf(random: SeededRandom, room: StateRoom): SequenceWorld {
  if (random.chance(MERGE_SHARE)) return new MergeWorld(room, random);
  const content = new Content(random, growthOf(random));
  if (random.chance(FOREST_SHARE)) return new ForestWorld(room, content);
  if (random.chance(RETAINED_SHARE)) return new RetainedWorld(room, content);
  const space = random.below(10);
  if (space === 0) return new TreeWorld(room, content, { addressKey: KEYED });
  if (space === 1) {
    const { addressKey, tree } = crowdedKey(room);
    return Object.assign(new TreeWorld(room, content, { addressKey }), { tree });
  }
  return new TreeWorld(room, content, {});
}

function growthOf(random: SeededRandom): Growth {
  let left = random.below(1_000);
  for (const [growth, share] of GROWTHS) {
    if (left < share) return growth;
    left -= share;
  }
  return 'small';
}
