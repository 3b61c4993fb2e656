import { isSkepError, type LaneId } from '@skep/kernel';
import { createWorld, type FaultRates, type Incident, planOf, type SimulatedNode, type World } from '../src/index.js';

export const LANE = 'main/1/n' as LaneId;

/** A world with these faults, one store and one node. */
export function worldWith(rates: Partial<FaultRates>, incidents?: readonly Incident[]) {
  const world = createWorld({ seed: 7, faults: planOf(rates, incidents) });
  const store = world.store('store');
  return { world, store, node: world.node('node', { stores: store }) };
}

export const bytes = (text: string) => new TextEncoder().encode(text);
export const text = (read: Uint8Array | undefined) => new TextDecoder().decode(read);

/** The code of a rejection, the kind of a result, or `done`. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    const result = await work;
    return typeof result === 'object' && result !== null && 'kind' in result ? String(result.kind) : 'done';
  } catch (error) {
    return isSkepError(error) ? error.code : String(error);
  }
}

/** Outcomes of many appends, each expecting what the log really holds. */
export async function appends(world: World, node: SimulatedNode, count: number): Promise<readonly string[]> {
  const codes: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const last = await world.drive(node.ports.log.last(LANE).catch(() => undefined));
    codes.push(await world.drive(codeOf(node.ports.log.append(LANE, bytes(`${at}`), last?.sequence ?? 0))));
  }
  return codes;
}
