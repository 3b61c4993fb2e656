/** Methods that do what an earlier or careless version of them would do; each returns the function that undoes it. */
import { ActorState } from '@skep/actor';
import type { AgentId, LaneId, Value } from '@skep/kernel';
import { LaneTail } from '@skep/lane';
import type { Ports } from '@skep/ports';
import type { LaneDriver } from '@skep/runtime';

/** What these mistakes need of the inside of a lane's driver. */
interface DriverInside {
  readonly options: { readonly ports: Pick<Ports, 'log' | 'registry'> };
  readTail(lane: LaneId): Promise<LaneTail>;
  keyOf(agent: AgentId): string;
  exists(agent: AgentId): Promise<boolean>;
}

/** Snapshots, and nothing else, lose a part of what an agent is. */
export function forgetfulSnapshots(lost: { readonly [part: string]: Value }): () => void {
  const { fromSurroundings } = ActorState;
  ActorState.fromSurroundings = (agent, tree, value) => fromSurroundings(agent, tree, { ...(value as { [part: string]: Value }), ...lost });
  return () => {
    ActorState.fromSurroundings = fromSurroundings;
  };
}

/** Reads a lane until a read shows nothing more. */
export function staleTails(driver: typeof LaneDriver): () => void {
  const inside = driver.prototype as unknown as DriverInside;
  const { readTail } = inside;
  inside.readTail = async function stale(this: DriverInside, lane: LaneId) {
    const tail = new LaneTail(lane);
    for (let from = 0; ; ) {
      const entries = await this.options.ports.log.read(lane, from);
      const last = entries[entries.length - 1];
      if (last === undefined) return tail;
      tail.push(entries);
      from = last.sequence + 1;
    }
  };
  return () => {
    inside.readTail = readTail;
  };
}

/** Takes what a read of the directory shows for what there is. */
export function staleExistence(driver: typeof LaneDriver): () => void {
  const inside = driver.prototype as unknown as DriverInside;
  const { exists } = inside;
  inside.exists = async function stale(this: DriverInside, agent: AgentId) {
    return (await this.options.ports.registry.get(this.keyOf(agent))) !== undefined;
  };
  return () => {
    inside.exists = exists;
  };
}
