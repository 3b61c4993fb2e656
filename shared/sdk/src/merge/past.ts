/** Where the past of agents is read that a merge looks at: in this node, or wherever an agent is. */
import type { MergePoint } from '@skep/actor';
import { type AgentId, isSkepError, type Value } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';
import { type Tree, type TreeOptions, treeOf } from '@skep/state';
import type { AgentInfo, VersionedValue } from '../client.js';

export interface Past {
  /** Rejects with `unknown-agent`. */
  info(agent: AgentId): Promise<AgentInfo>;
  merges(agent: AgentId): Promise<readonly MergePoint[]>;
  /** The oldest first. */
  history(agent: AgentId, range: { readonly from: number; readonly limit: number }): Promise<readonly AgentEvent[]>;
  /** Rejects with `unknown-version`. */
  treeAt(agent: AgentId, version: number): Promise<Tree>;
}

/** Asks for an agent wherever it is. */
export type AskAnywhere = (request: { readonly agent: AgentId; readonly method: string; readonly parameters: readonly Value[] }) => Promise<Value>;

/** Reads here what is here, and asks for the rest. @param treeOptions of the tenant, for trees of what was asked for */
export function pastAnywhere(here: Past, ask: AskAnywhere, treeOptions: TreeOptions): Past {
  const or = async <Result>(local: Promise<Result>, remote: () => Promise<Result>): Promise<Result> => {
    try {
      return await local;
    } catch (error) {
      if (isSkepError(error, 'elsewhere')) return remote();
      throw error;
    }
  };
  const asked = async <Result>(agent: AgentId, method: string, ...parameters: readonly Value[]): Promise<Result> =>
    (await ask({ agent, method, parameters })) as Result;
  return {
    info: (agent) => or(here.info(agent), () => asked<AgentInfo & Value>(agent, 'info')),
    merges: (agent) => or(here.merges(agent), () => asked<readonly (MergePoint & Value)[]>(agent, 'merges')),
    history: (agent, range) => or(here.history(agent, range), () => asked<readonly (AgentEvent & Value)[]>(agent, 'history', range)),
    treeAt: (agent, version) =>
      or(here.treeAt(agent, version), async () => treeOf((await asked<VersionedValue & Value>(agent, 'at', version)).value, treeOptions)),
  };
}
