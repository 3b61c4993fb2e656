/** I10: what a restore, a branch or a checkpoint says of itself in the log is what the naive fold finds. */
import type { AgentId, Value } from '@skep/kernel';
import { type Ledger, turnsOf } from './ledger.js';
import { type Folds, rootOf } from './naive-fold.js';
import { type Broken, broken } from './violation.js';

export function checkExactness(ledger: Ledger, folds: Folds): readonly Broken[] {
  const found: Broken[] = [];
  for (const one of ledger.values()) {
    for (const { position, record } of turnsOf(one)) {
      for (const { type, data } of record.events) {
        const said = data as { readonly version?: number; readonly root?: string; readonly from?: AgentId } | null;
        const wanted = wantedBy(type, said, { agent: one.agent, version: record.version });
        if (wanted === undefined) continue;
        const source = stateOf(folds, wanted.agent, wanted.version);
        const result = stateOf(folds, one.agent, record.version);
        const where = `${one.agent}: ${type} (record ${position})`;
        if (source === undefined || result === undefined) found.push(broken('I10', `${where} names version ${wanted.version}, which does not exist`));
        else if (rootOf(source) !== said?.root) found.push(broken('I10', `${where} names another root than version ${wanted.version} has`));
        else if (rootOf(result) !== said?.root) found.push(broken('I10', `${where} did not bring back version ${wanted.version}`));
      }
    }
  }
  return found;
}

function wantedBy(
  type: string,
  said: { readonly version?: number; readonly from?: AgentId } | null,
  here: { readonly agent: AgentId; readonly version: number },
): { readonly agent: AgentId; readonly version: number } | undefined {
  if (type === 'snapshot created') return here;
  if (type === 'restored') return { agent: here.agent, version: said?.version ?? -1 };
  if (type === 'branched') return { agent: said?.from ?? here.agent, version: said?.version ?? -1 };
  return undefined;
}

function stateOf(folds: Folds, agent: AgentId, version: number): Value | undefined {
  return folds.get(agent)?.states[version];
}
