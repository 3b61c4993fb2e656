/**
 * Agents of one forest, each beside a model of its own.
 *
 * - W9 No agent's tree changes by what another one does, nor by sharing what they have in common (V7).
 * - W10 A difference of two roots makes the one of the other.
 */
import { type AgentId, agentId, type HashHex, type Value } from '@skep/kernel';
import type { Content } from './content.js';
import { editOf } from './edit-of.js';
import { copyOf, isSame, type PlainMap } from './plain.js';
import type { StateRoom } from './state-room.js';

const AGENTS = 3;

interface Grown {
  readonly agent: AgentId;
  model: PlainMap;
}

export class ForestWorld {
  checks = 0;
  private readonly forest: InstanceType<StateRoom['Forest']>;
  private readonly grown: Grown[] = [];
  private readonly models = new Map<HashHex, PlainMap>();

  constructor(
    private readonly room: StateRoom,
    private readonly content: Content,
  ) {
    this.forest = new room.Forest();
    const common = content.start();
    for (let at = 0; at < AGENTS; at += 1) {
      // What agents have in common was made apart.
      const model = copyOf(content.random.chance(0.7) ? common : content.start()) as PlainMap;
      const agent = agentId({ tenant: 'default', kind: 'model', name: `${at}` });
      this.models.set(this.forest.createTree(agent, model as Value), copyOf(model) as PlainMap);
      this.grown.push({ agent, model });
    }
  }

  step(): string {
    const { random } = this.content;
    const grown = this.content.one(this.grown);
    const choice = random.below(10);
    const done = choice < 5 ? this.edit(grown) : choice < 8 ? this.optimize(grown) : this.compare();
    this.check(this.content.one(this.grown));
    return `${grown.agent}: ${done}`;
  }

  end(): void {
    for (const grown of this.grown) this.optimize(grown);
    for (const grown of this.grown) this.check(grown);
    this.compare();
  }

  private edit(grown: Grown): string {
    const model = copyOf(grown.model) as PlainMap;
    const edit = editOf(model, this.content);
    const isInsertion = edit.kind === 'create' && typeof edit.path.at(-1) === 'number';
    // A forest sets what is at a path; there is no inserting before it.
    if (isInsertion && this.forest.getTree(grown.agent).has(edit.path)) return 'nothing';
    const root = this.forest.updateTreeNode(grown.agent, edit.path, edit.kind === 'delete' ? undefined : edit.new);
    grown.model = model;
    this.models.set(root, copyOf(model) as PlainMap);
    return `${edit.kind} ${edit.path.join('.')}`;
  }

  private optimize({ agent }: Grown): string {
    const { nodes, bytes } = this.forest.optimizeTree(agent);
    return `shares ${nodes} nodes, ${bytes} bytes`;
  }

  private compare(): string {
    const roots = [...this.models.keys()];
    const [from, to] = [this.content.one(roots), this.content.one(roots)];
    const changes = this.forest.computeTreeDiff(from, to);
    this.same(this.room.treeOf(this.models.get(from)).apply(changes).root(), to, 'root after a difference was applied');
    return `difference of ${changes.length} changes`;
  }

  private check({ agent, model }: Grown): void {
    this.same(this.forest.getTree(agent).value(), model, 'state of an agent');
    this.same(this.forest.getTreeRoot(agent), this.room.treeOf(model).root(), 'root of an agent');
  }

  private same(found: unknown, expected: unknown, what: string): void {
    this.checks += 1;
    if (!isSame(found, expected)) throw new Error(`another ${what} than expected`);
  }
}
