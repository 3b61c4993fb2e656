import { type AgentId, SkepError } from '@skep/kernel';
import type { LaneRecord, SnapshotReference } from '@skep/lane';
import type { Blob } from '@skep/ports';
import { decodeRecord } from '@skep/protocol';
import type { Tree } from '@skep/state';
import type { Activation } from './activation.js';
import { ActorState } from './actor-state.js';
import { decodeSnapshot } from './snapshot.js';

export interface RevivalTask {
  readonly snapshot: SnapshotReference | null;
  /** The agent's records after the snapshot, checked by the lane. */
  readonly records: readonly LaneRecord[];
  readonly initial: Tree;
  readonly blob: Blob;
}

/** Gives an activation the state that its log says. @throws SkepError `agent-corrupt`, `corrupt`, `unsupported-format` */
export async function revive(activation: Activation, { snapshot, records, initial, blob }: RevivalTask): Promise<void> {
  const { agent } = activation;
  let state = new ActorState(agent, initial);
  // A snapshot without records only let the agent rest: it is as its kind says.
  if (snapshot?.position === 0) activation.emptyBlob = snapshot.blob;
  else if (snapshot !== null) {
    const read = await readSnapshot(agent, snapshot, blob);
    state = read.state;
    activation.settled = { position: snapshot.position, version: snapshot.version, blob: snapshot.blob, segment: read.segment };
  }
  for (const record of records) state.apply(decodeRecord(record.body, agent));
  activation.state = state;
  activation.position = (snapshot?.position ?? 0) + records.length;
  // Copies: the bodies are views of whole batches, which would stay in memory with them.
  activation.tail = records.map((record) => record.body.slice());
  activation.tailBytes = records.reduce((sum, record) => sum + record.body.length, 0);
  for (const [sender, sequence] of activation.enqueued) {
    if (sequence <= (state.cursors.get(sender) ?? 0)) activation.enqueued.delete(sender);
  }
}

async function readSnapshot(agent: AgentId, snapshot: SnapshotReference, blob: Blob) {
  const bytes = await blob.get(snapshot.blob);
  if (bytes === undefined) throw new SkepError('agent-corrupt', { message: `the agent's snapshot ${snapshot.blob} is gone`, id: agent });
  const read = decodeSnapshot(bytes, agent);
  if (read.position !== snapshot.position || read.state.version !== snapshot.version) {
    throw new SkepError('agent-corrupt', {
      message: `the snapshot is at record ${read.position}, the directory says ${snapshot.position}`,
      id: agent,
    });
  }
  return read;
}
