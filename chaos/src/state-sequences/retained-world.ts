/**
 * Versions of several agents in a memory that is too small for all of them.
 *
 * - W13 The newest version of an agent is always there.
 * - W14 A version that is there is what it was; one that is not was evicted, and somebody was told, or is older than as many as are kept.
 * - W15 What all versions take is within the budget, or there are none but the newest; when all agents have gone it is nothing.
 */
import type { SeededRandom } from '@skep/simulated';
import type { RetainedAgent, RetainedVersions, Tree } from '@skep/state';
import { act } from './act.js';
import type { Content } from './content.js';
import { copyOf, isSame, type PlainMap } from './plain.js';
import type { StateRoom } from './state-room.js';

interface Held {
  readonly name: string;
  readonly agent: RetainedAgent;
  newest: number;
  /** All versions that must be there, the oldest first. */
  readonly there: Map<number, PlainMap>;
  readonly gone: Set<number>;
}

const AGENTS_MAX = 4;
const BUDGETS: readonly number[] = [4_000, 20_000, 60_000, 250_000];

export class RetainedWorld {
  checks = 0;
  private readonly random: SeededRandom;
  private readonly retained: RetainedVersions;
  private readonly versionsMax: number;
  private readonly held = new Map<string, Held>();
  private opened = 0;

  constructor(
    private readonly room: StateRoom,
    private readonly content: Content,
  ) {
    this.random = content.random;
    this.versionsMax = 1 + this.random.below(8);
    this.retained = new room.RetainedVersions({
      bytesMax: content.one(BUDGETS),
      versionsMax: this.versionsMax,
      evicted: ({ agent, version, tree }) => this.evicted(agent, version, tree),
    });
  }

  step(): string {
    const choice = this.random.below(12);
    if (this.held.size === 0 || (choice === 0 && this.held.size < AGENTS_MAX)) return this.open();
    const held = this.content.one([...this.held.values()]);
    if (choice === 1) return this.close(held);
    if (choice < 4) return this.read(held);
    if (choice === 4) return `${this.retained.countedBytes()} bytes`;
    return this.write(held);
  }

  end(): void {
    for (const held of [...this.held.values()]) this.close(held);
    // Averages are fractions.
    this.same(Math.round(this.retained.countedBytes()), 0, 'number of bytes when all have gone');
    this.same(this.retained.versions, 0, 'number of versions when all have gone');
  }

  private open(): string {
    const name = `agent-${this.opened}`;
    this.opened += 1;
    const model = this.content.start();
    const there = new Map([[1, copyOf(model) as PlainMap]]);
    this.held.set(name, { name, newest: 1, there, gone: new Set(), agent: this.retained.open(name, 1, this.room.treeOf(model)) });
    this.checkAll();
    this.checkBudget();
    return `${name} opens`;
  }

  private write(held: Held): string {
    const tree = this.retained.at(held.agent, held.newest);
    if (tree === undefined) throw new Error('the newest version of an agent is not there');
    const draft = this.room.draftOf<PlainMap>(tree);
    const model = copyOf(held.there.get(held.newest)) as PlainMap;
    for (let times = this.random.below(3); times >= 0; times -= 1) act({ draft: draft.state, model }, this.content);
    held.newest += 1;
    held.there.set(held.newest, model);
    for (const version of held.there.keys()) {
      if (version >= held.newest - this.versionsMax) break;
      held.there.delete(version);
      held.gone.add(version);
    }
    this.retained.keep(held.agent, held.newest, draft.finish().tree);
    this.checkAll();
    this.checkBudget();
    return `${held.name} has version ${held.newest}`;
  }

  private read(held: Held): string {
    const version = 1 + this.random.below(held.newest);
    const found = this.retained.at(held.agent, version);
    const model = held.there.get(version);
    if (found === undefined || model === undefined) this.same(found === undefined, model === undefined, `presence of version ${version}`);
    else this.same(found.value(), model, `version ${version}`);
    return `${held.name} version ${version} is ${found === undefined ? 'gone' : 'there'}`;
  }

  private close(held: Held): string {
    this.retained.close(held.agent);
    this.held.delete(held.name);
    this.checkAll();
    return `${held.name} closes`;
  }

  private evicted(name: string, version: number, tree: Tree): void {
    const held = this.held.get(name);
    if (held === undefined) throw new Error(`version ${version} of an agent that is not there was evicted`);
    if (version === held.newest) throw new Error(`the newest version of ${name} was evicted`);
    this.same(tree.value(), held.there.get(version), 'evicted version');
    held.there.delete(version);
    held.gone.add(version);
  }

  private checkAll(): void {
    let past = 0;
    for (const { agent, newest, there, gone } of this.held.values()) {
      past += there.size - 1;
      this.same(this.retained.at(agent, newest)?.value(), there.get(newest), 'newest version');
      for (const version of there.keys()) this.same(this.retained.at(agent, version) !== undefined, true, `version ${version}`);
      for (const version of gone) this.same(this.retained.at(agent, version), undefined, `version ${version} that is gone`);
    }
    this.same(this.retained.versions, past, 'number of versions');
  }

  /** Looked at when versions come: what goes may leave more than was thought until then. */
  private checkBudget(): void {
    const { bytes, bytesMax, versions } = this.retained;
    if (bytes > bytesMax && versions > 0) throw new Error('versions are kept beyond the budget');
  }

  private same(found: unknown, expected: unknown, what: string): void {
    this.checks += 1;
    if (!isSame(found, expected)) throw new Error(`another ${what} than expected: ${String(found).slice(0, 40)}, ${String(expected).slice(0, 40)}`);
  }
}
