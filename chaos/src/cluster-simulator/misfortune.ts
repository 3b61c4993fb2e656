/** Makes the blows of a plan happen: chooses who is hit among those that are there when the time has come. */
import { type AgentId, type NodeId, nodeId } from '@skep/kernel';
import { broken } from '../invariants/violation.js';
import type { Scene } from '../simulator/conduct.js';
import type { ClusterOperator, Running } from './cluster-operator.js';
import type { Blow, ClusterPlan } from './cluster-plan.js';

export interface MisfortuneParts extends Scene {
  readonly plan: ClusterPlan;
}

/** How long an heir has to show itself. */
const HEIR_WITHIN_MS = 5_000;
/** Between two nodes of a rolling restart. */
const ROLLING_MS = 800;

export class Misfortune {
  constructor(
    private readonly parts: MisfortuneParts,
    private readonly operator: ClusterOperator,
  ) {}

  strike(blow: Blow): void {
    const { world, outside } = this.parts;
    switch (blow.kind) {
      case 'kill':
        return this.#kill(blow);
      case 'kill-heir':
        return this.#killHeir(blow);
      case 'isolate':
        return this.#isolate(blow);
      case 'split': {
        const { names } = this.operator;
        const here = names.filter((_, index) => ((blow.pick >>> index) & 1) === 1);
        outside.meet('split');
        for (const from of here) for (const to of names) if (!here.includes(to)) this.#cut(from, to, 'both', blow.forMs);
        return;
      }
      case 'drain': {
        const chosen = this.#chosen(blow.pick);
        if (chosen !== undefined) this.operator.drain(chosen, blow.downMs);
        return;
      }
      case 'rolling':
        outside.meet('rolling restart');
        this.operator.names.forEach((name, index) => {
          world.at(world.now + index * ROLLING_MS, () => {
            const running = this.operator.running.find((each) => each.name === name);
            if (running !== undefined) this.operator.drain(running, blow.downMs);
          });
        });
        return;
      case 'migrate':
        return this.#migrate(blow.pick);
      case 'pin':
        return this.#pin(blow.pick, blow.what);
      case 'power':
        return this.operator.powerCut(blow.downMs);
    }
  }

  #kill({ pick, count, downMs }: Extract<Blow, { kind: 'kill' }>): void {
    const { names } = this.operator;
    const hit =
      names.length === 0 || count === 'all' ? names : names.map((_, index) => names[(pick + index) % names.length] as string).slice(0, count);
    for (const name of hit) this.operator.kill(name, downMs);
  }

  /** Kills one, and whoever seals its lane first. */
  #killHeir({ pick, downMs, afterMs }: Extract<Blow, { kind: 'kill-heir' }>): void {
    const { world, tap, outside } = this.parts;
    const chosen = this.#chosen(pick);
    if (chosen === undefined) return;
    const endMs = world.now + HEIR_WITHIN_MS;
    const forget = tap.onSeal(chosen.node.driver.id, (by) => {
      forget();
      if (world.now > endMs || by === chosen.name) return;
      world.at(world.now + afterMs, () => {
        outside.meet('kill of an heir');
        this.operator.kill(by, downMs);
      });
    });
    this.operator.kill(chosen.name, downMs + HEIR_WITHIN_MS);
  }

  #isolate({ pick, forMs, from, way }: Extract<Blow, { kind: 'isolate' }>): void {
    const { stores, outside } = this.parts;
    const { names } = this.operator;
    const name = names[pick % names.length] as string;
    const disks = [...new Set([stores.log, stores.registry, stores.blob])].map((store) => store.name);
    const far = [...(from === 'stores' ? [] : names.filter((each) => each !== name)), ...(from === 'nodes' ? [] : disks)];
    outside.meet(`isolated from ${from}`);
    for (const other of far) {
      if (way === 'in') this.#cut(other, name, 'one', forMs);
      else this.#cut(name, other, way === 'out' ? 'one' : 'both', forMs);
    }
  }

  #cut(from: string, to: string, way: 'both' | 'one', forMs: number): void {
    const { world } = this.parts;
    const mend = world.cut({ from, to, way });
    world.at(world.now + forMs, mend);
  }

  #migrate(pick: number): void {
    const { outside } = this.parts;
    const held = this.#held();
    const chosen = held[pick % Math.max(1, held.length)];
    const to = this.#chosen(pick >>> 8);
    if (chosen === undefined || to === undefined || chosen.at === to) return;
    outside.meet('migration');
    chosen.at.node.company?.migrate(chosen.agent, to.name).then(
      () => outside.meet('migrated'),
      (error: { readonly code?: string; readonly message?: string }) => {
        outside.meet(`migration failed: ${error.code}`);
        if (error.code === 'internal') outside.broken.push(broken('I16', `a migration met a bug: ${error.message}`));
      },
    );
  }

  #pin(pick: number, what: 'set' | 'clear'): void {
    const { outside } = this.parts;
    const through = this.#chosen(pick);
    const agents = [...new Set(this.#held().map(({ agent }) => agent))];
    const agent = agents[(pick >>> 8) % Math.max(1, agents.length)];
    const to = this.#chosen(pick >>> 4);
    if (through === undefined || agent === undefined || to === undefined) return;
    const node: NodeId | undefined = what === 'set' ? nodeId(to.name) : undefined;
    through.node.company?.pins.set(agent, node).then(
      () => outside.meet('pin'),
      () => outside.meet('pin failed'),
    );
  }

  #held(): readonly { readonly at: Running; readonly agent: AgentId }[] {
    return this.operator.running.flatMap((at) =>
      [...at.node.host.roster.all()].filter(({ agent }) => at.node.driver.holds(agent)).map(({ agent }) => ({ at, agent })),
    );
  }

  #chosen(pick: number): Running | undefined {
    const { running } = this.operator;
    return running[pick % Math.max(1, running.length)];
  }
}
