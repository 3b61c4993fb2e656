/**
 * The forest: one tree an agent (V7). Agents are isolated: nothing changes a tree but edits of its own agent. Content that agents of one
 * tenant have in common is held once after `optimizeTree`, as nodes are immutable.
 *
 * - F1 Tenants share no nodes, and agents of private kinds share with nobody: how much memory is saved tells nothing of others (G10).
 */
import { type AgentId, type Change, type HashHex, type Path, parseAgentId, SkepError, type Value } from '@skep/kernel';
import { diff } from './diff.js';
import { NodeShare, type Shared } from './share.js';
import { Tree, type TreeOptions, treeOf } from './tree.js';

/** Roots that can be compared, for each agent: the newest ones. */
const ROOTS_KEPT = 128;
const NOTHING_SHARED: Shared = { nodes: 0, bytes: 0 };

interface Grown {
  tree: Tree;
  /** By root, the oldest first. */
  readonly roots: Map<HashHex, Tree>;
}

export interface ForestOptions {
  /** Under which a tenant's content is hashed, so that nobody else guesses it by its addresses. Never changes. Default: none. */
  readonly addressKeyOf?: (tenant: string) => Uint8Array | undefined;
  /** Kinds whose agents share nothing. Default: none. */
  readonly privateKinds?: ReadonlySet<string>;
}

export class Forest {
  private readonly agents = new Map<AgentId, Grown>();
  /** By tenant. */
  private readonly shares = new Map<string, NodeShare>();

  constructor(private readonly options: ForestOptions = {}) {}

  /** @throws SkepError `agent-exists`, `invalid-value` */
  createTree(agent: AgentId, value: Value = {}): HashHex {
    if (this.agents.has(agent)) throw new SkepError('agent-exists', { message: 'this agent has a tree already', id: agent });
    const tree = treeOf(value, this.treeOptionsOf(agent));
    const grown = { tree, roots: new Map<HashHex, Tree>() };
    this.agents.set(agent, grown);
    return remember(grown, tree);
  }

  /** @throws SkepError `unknown-agent` */
  getTreeRoot(agent: AgentId): HashHex {
    return this.mustGet(agent).tree.root();
  }

  /** @throws SkepError `unknown-agent` */
  getTree(agent: AgentId): Tree {
    return this.mustGet(agent).tree;
  }

  /** Sets what is at a path, or takes it away when the content is undefined; returns the new root. @throws SkepError `invalid-path` ... */
  updateTreeNode(agent: AgentId, path: Path, content: Value | undefined): HashHex {
    const grown = this.mustGet(agent);
    const kind = grown.tree.has(path) ? 'update' : 'create';
    return remember(grown, grown.tree.apply([content === undefined ? { kind: 'delete', path } : { kind, path, new: content }]));
  }

  /** @throws SkepError `unknown-version` for a root that no agent had lately */
  computeTreeDiff(oldRoot: HashHex, newRoot: HashHex): readonly Change[] {
    return diff(this.treeOfRoot(oldRoot), this.treeOfRoot(newRoot));
  }

  /** Shares with other agents of the tenant what they have in common; a private kind with nobody. @throws SkepError `unknown-agent` */
  optimizeTree(agent: AgentId): Shared {
    const grown = this.mustGet(agent);
    const { tenant, kind } = parseAgentId(agent);
    if (this.options.privateKinds?.has(kind) === true) return NOTHING_SHARED;
    const root = grown.tree.root();
    const { item, shared } = this.shareOf(tenant).share(grown.tree.item);
    grown.tree = new Tree(item, grown.tree.space);
    if (grown.roots.has(root)) grown.roots.set(root, grown.tree);
    return shared;
  }

  private treeOptionsOf(agent: AgentId): TreeOptions {
    const addressKey = this.options.addressKeyOf?.(parseAgentId(agent).tenant);
    return addressKey === undefined ? {} : { addressKey };
  }

  private shareOf(tenant: string): NodeShare {
    const known = this.shares.get(tenant);
    if (known !== undefined) return known;
    const share = new NodeShare();
    this.shares.set(tenant, share);
    return share;
  }

  private treeOfRoot(root: HashHex): Tree {
    for (const { roots } of this.agents.values()) {
      const tree = roots.get(root);
      if (tree !== undefined) return tree;
    }
    throw new SkepError('unknown-version', { message: 'no agent had this root lately', id: root });
  }

  private mustGet(agent: AgentId): Grown {
    const grown = this.agents.get(agent);
    if (grown === undefined) throw new SkepError('unknown-agent', { message: 'this agent has no tree', id: agent });
    return grown;
  }
}

function remember(grown: Grown, tree: Tree): HashHex {
  const root = tree.root();
  grown.tree = tree;
  grown.roots.delete(root);
  grown.roots.set(root, tree);
  for (const oldest of grown.roots.keys()) {
    if (grown.roots.size <= ROOTS_KEPT) break;
    grown.roots.delete(oldest);
  }
  return root;
}
