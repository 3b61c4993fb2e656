/**
 * Placement: on which node an agent that nobody holds should live. Every node computes it by itself from the members it sees; where two
 * disagree for a moment, a call is forwarded once more and the directory decides (L3). Safety never rests on it.
 *
 * Rendezvous hashing (Thaler and Ravishankar 1998) with weights by the logarithm method (Schindelhauer and Schomaker 2005): each node
 * draws a number from agent and node, -weight / ln(draw), and the highest one wins.
 *
 * P1 When a node goes, only its agents move; when one comes or gains weight, agents move to it only.
 * P2 The share of a node is its weight's share of all weights.
 * P3 The draw depends on the node's name, not on its incarnation: a node that restarts is the home of the same agents.
 * P4 An agent that is pinned lives on its node while that one serves, and else where it would without the pin.
 * P5 An agent never lives on a node that lacks the address key of its tenant: there it cannot be served.
 */
import { type AgentId, type IncarnationId, type NodeId, parseAgentId } from '@skep/kernel';
import type { Load } from './heartbeat.js';
import type { Member } from './member.js';

const NONE: ReadonlySet<string> = new Set();

interface Seat {
  readonly node: NodeId;
  readonly incarnation: IncarnationId;
  readonly seed: number;
  readonly weight: number;
  readonly keyless: ReadonlySet<string>;
}

/**
 * Capacity, less where a node is nearly full. Two coarse steps, so that members agree although they heard of the load at different times,
 * and agents do not change homes with each heartbeat.
 */
export function weightOf({ capacity, cpuShare, memoryShare, logShare }: Load): number {
  const busiest = Math.max(cpuShare, memoryShare, logShare);
  if (busiest >= 0.95) return capacity / 4;
  return busiest >= 0.8 ? capacity / 2 : capacity;
}

export class Placement {
  private seats: readonly Seat[] = [];
  /** Whether some seat lacks an address key. */
  private isUneven = false;
  private readonly seeds = new Map<NodeId, number>();
  private readonly pins = new Map<AgentId, NodeId>();

  /** Takes the members as `Membership.view` gives them; those that do not serve get nothing new. */
  update(members: readonly Member[]): void {
    const seats = new Map<NodeId, Seat>();
    for (const { node, incarnation, status, load, keyless } of members) {
      const weight = weightOf(load);
      // Of two incarnations of a node that are seen at once the later one stands: they are sorted, and starts are part of their names.
      if (status !== 'serving' || weight === 0) continue;
      seats.set(node, { node, incarnation, seed: this.seedOf(node), weight, keyless: keyless === undefined ? NONE : new Set(keyless) });
    }
    for (const node of this.seeds.keys()) if (!members.some((member) => member.node === node)) this.seeds.delete(node);
    this.seats = [...seats.values()];
    this.isUneven = this.seats.some(({ keyless }) => keyless.size > 0);
  }

  /** `undefined` takes the pin away. */
  pin(agent: AgentId, node: NodeId | undefined): void {
    if (node === undefined) this.pins.delete(agent);
    else this.pins.set(agent, node);
  }

  pinOf(agent: AgentId): NodeId | undefined {
    return this.pins.get(agent);
  }

  /** The member that should hold the agent; undefined where none serves. */
  place(agent: AgentId): IncarnationId | undefined {
    const seats = this.isUneven ? seatsWithKey(this.seats, agent) : this.seats;
    const pinned = this.pins.size === 0 ? undefined : this.pins.get(agent);
    if (pinned !== undefined) {
      const seat = seats.find(({ node }) => node === pinned);
      if (seat !== undefined) return seat.incarnation;
    }
    return best(seats, agent)?.incarnation;
  }

  private seedOf(node: NodeId): number {
    const known = this.seeds.get(node);
    if (known !== undefined) return known;
    const seed = hashText(node, 0x9e3779b9);
    this.seeds.set(node, seed);
    return seed;
  }
}

function seatsWithKey(seats: readonly Seat[], agent: AgentId): readonly Seat[] {
  const { tenant } = parseAgentId(agent);
  return seats.filter(({ keyless }) => !keyless.has(tenant));
}

function best(seats: readonly Seat[], agent: AgentId): Seat | undefined {
  const hash = hashText(agent, 0x85ebca6b);
  let winner: Seat | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const seat of seats) {
    // Between 0 and 1, neither included.
    const draw = (mixed(hash ^ seat.seed) + 0.5) / 2 ** 32;
    const score = -seat.weight / Math.log(draw);
    // Seats are in the order of their names, so equal scores are decided alike everywhere.
    if (score > highest) {
      winner = seat;
      highest = score;
    }
  }
  return winner;
}

/** 32 bits of a text (FNV-1a over UTF-16 units, mixed at the end). Ids are ASCII. */
function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mixed(hash);
}

/** The finalizer of MurmurHash3: each bit of the input reaches each of the output. */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
