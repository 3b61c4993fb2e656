/** What the checkpoints of replayed work take, one an event: as a chain of deltas, as full copies, and by the savers of others. */
import { brotliCompressor, deflateCompressor } from '@skep/embedded';
import type { AgentId } from '@skep/kernel';
import { ChainWriter, CompressorChoice, draftOf, treeOf } from '@skep/state';
import type { SaverBytes, Savers } from './langgraph-savers.js';
import { grow, TRAJECTORY_START } from './step.js';
import type { AgentWork } from './work.js';

export interface CheckpointBytes {
  readonly id: AgentId;
  /** Of the last one, without an address key. */
  readonly root: string;
  readonly checkpoints: number;
  /** Those that are packs; the others are deltas. */
  readonly packs: number;
  readonly bytes: number;
  /** The same with compression where sampling found that it gains. */
  readonly compressedBytes: number;
  /** The canonical encoding of every version. */
  readonly fullCopyBytes: number;
  /** Undefined where they were not found. */
  readonly peers: SaverBytes | undefined;
}

export async function checkpointBytesOf({ agent, steps }: AgentWork, savers: Savers): Promise<CheckpointBytes> {
  const chain = new ChainWriter();
  const choice = new CompressorChoice([deflateCompressor(), brotliCompressor()]);
  const states: object[] = [];
  const sums = { packs: 0, bytes: 0, compressedBytes: 0, fullCopyBytes: 0 };
  let tree = treeOf(TRAJECTORY_START);
  for (const step of steps) {
    const draft = draftOf(tree);
    grow(draft.state as typeof TRAJECTORY_START, step);
    tree = draft.finish().tree;
    const { kind, bytes } = chain.next(tree);
    if (kind === 'pack') sums.packs += 1;
    sums.bytes += bytes.length;
    sums.compressedBytes += choice.wrap(kind, bytes).length;
    sums.fullCopyBytes += tree.byteLength;
    // Parts that versions share are the same objects, so that all of them together take little.
    if (savers.kind === 'found') states.push(tree.value() as object);
  }
  const peers = savers.kind === 'found' ? await savers.measure(states) : undefined;
  return { id: agent, root: tree.root(), checkpoints: steps.length, ...sums, peers };
}
