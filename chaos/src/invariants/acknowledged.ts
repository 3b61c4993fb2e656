/**
 * What clients were told, against the log.
 *
 * I3: an acknowledged write is in the log, at its version; one that was refused for certain is not.
 * I4: nothing is in the log that nobody asked for.
 * I5: no operation id stands for two writes, however often it was sent.
 */
import { type AgentLedger, type Ledger, operationOf, placesOf, turnsOf } from './ledger.js';
import { groupByAgent, type Operation } from './operation.js';
import { type Broken, broken } from './violation.js';

export function checkAcknowledged(operations: readonly Operation[], ledger: Ledger): readonly Broken[] {
  const found: Broken[] = [];
  const writes = operations.filter((operation) => operation.kind === 'write');
  for (const [agent, group] of groupByAgent(writes)) {
    const one = ledger.get(agent);
    const places = one === undefined ? new Map<string, readonly number[]>() : placesOf(one);
    for (const operation of group) found.push(...judge(operation, places.get(operation.id) ?? []));
  }
  for (const one of ledger.values()) found.push(...checkTwice(one));
  return found;
}

/** `origin`: operation ids that clients sent, whatever came of them. What an agent asks or sends carries the id that set it off. */
export function checkOrigin(ledger: Ledger, origin: ReadonlySet<string>): readonly Broken[] {
  const found: Broken[] = [];
  for (const one of ledger.values()) {
    for (const { position, record } of turnsOf(one)) {
      const root = record.correlation ?? operationOf(record);
      if ((record.cause.kind === 'call' || record.cause.kind === 'message') && (root === undefined || !origin.has(root))) {
        found.push(broken('I4', `${one.agent}: nobody asked for record ${position} (${root ?? 'no operation'})`));
      }
    }
  }
  return found;
}

function judge({ id, agent, outcome }: Operation, places: readonly number[]): readonly Broken[] {
  if (outcome.kind === 'refused' && outcome.certain && places.length > 0) {
    return [broken('I3', `${agent}: ${id} was refused with ${outcome.code} and took effect as version ${places.join(', ')}`)];
  }
  if (outcome.kind !== 'acknowledged') return [];
  const [place] = places;
  if (place === undefined) return [broken('I3', `${agent}: ${id} was acknowledged at version ${outcome.version} and is lost`)];
  if (outcome.witness === 'own' && place !== outcome.version) {
    return [broken('I3', `${agent}: ${id} was acknowledged at version ${outcome.version} and is at ${place}`)];
  }
  return [];
}

function checkTwice(one: AgentLedger): readonly Broken[] {
  const found: Broken[] = [];
  for (const [id, versions] of placesOf(one)) {
    if (versions.length > 1) found.push(broken('I5', `${one.agent}: ${id} took effect ${versions.length} times, as versions ${versions.join(', ')}`));
  }
  return found;
}
