import { type AgentId, SkepError } from '@skep/kernel';
import type { LaneRecord, SnapshotReference } from '@skep/lane';
import type { Blob } from '@skep/ports';
import { type AgentRecord, decodeRecord } from '@skep/protocol';
import type { Tree, TreeOptions } from '@skep/state';
import type { Activation } from './activation.js';
import { ActorState } from './actor-state.js';
import { originOf } from './origin.js';
import { decodeSnapshot } from './snapshot.js';

export interface RevivalTask {
  readonly snapshot: SnapshotReference | null;
  /** The agent's records after the snapshot, checked by the lane. */
  readonly records: readonly LaneRecord[];
  /** What the kind says today; asked only where the agent's records do not say it. */
  readonly initial: () => Tree;
  readonly blob: Blob;
  /** The address key of the agent's tenant, if it has one. */
  readonly treeOptions: TreeOptions;
}

/** Gives an activation the state that its log says. @throws SkepError `agent-corrupt`, `corrupt`, `unsupported-format`, `not-configured` */
export async function revive(activation: Activation, { snapshot, records, initial, blob, treeOptions }: RevivalTask): Promise<void> {
  const { agent } = activation;
  const decoded = records.map((record) => decodeRecord(record.body, agent));
  let state: ActorState;
  if (snapshot !== null && snapshot.position > 0) {
    const read = await readSnapshot(agent, snapshot, { blob, treeOptions });
    state = read.state;
    activation.settled = { position: snapshot.position, version: snapshot.version, blob: snapshot.blob, segment: read.segment };
  } else {
    // A snapshot without records only let the agent rest: it is as its kind says.
    activation.emptyBlob = snapshot?.blob;
    state = new ActorState(agent, originOf(decoded[0], initial, treeOptions));
  }
  for (const [index, record] of decoded.entries()) {
    checkOrigin(record, (snapshot?.position ?? 0) + index + 1, agent);
    state.apply(record);
  }
  activation.state = state;
  activation.position = (snapshot?.position ?? 0) + records.length;
  // Copies: the bodies are views of whole batches, which would stay in memory with them.
  activation.tail = records.map((record) => record.body.slice());
  activation.tailBytes = records.reduce((sum, record) => sum + record.body.length, 0);
  for (const [sender, sequence] of activation.enqueued) {
    if (sequence <= (state.cursors.get(sender) ?? 0)) activation.enqueued.delete(sender);
  }
}

function checkOrigin({ initial }: AgentRecord, position: number, agent: AgentId): void {
  if (initial === undefined || position === 1) return;
  throw new SkepError('agent-corrupt', { message: `record ${position} says how the agent began, and is not the first`, id: agent });
}

async function readSnapshot(agent: AgentId, snapshot: SnapshotReference, { blob, treeOptions }: Pick<RevivalTask, 'blob' | 'treeOptions'>) {
  const bytes = await blob.get(snapshot.blob);
  if (bytes === undefined) throw new SkepError('agent-corrupt', { message: `the agent's snapshot ${snapshot.blob} is gone`, id: agent });
  const read = decodeSnapshot(bytes, agent, treeOptions);
  if (read.position !== snapshot.position || read.state.version !== snapshot.version) {
    throw new SkepError('agent-corrupt', {
      message: `the snapshot is at record ${read.position}, the directory says ${snapshot.position}`,
      id: agent,
    });
  }
  return read;
}
