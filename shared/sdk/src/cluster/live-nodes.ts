/** The live nodes as a client knows them: asked for when it begins, and again whenever one is silent for long. */
import { type IncarnationId, parseJson } from '@skep/kernel';
import type { Bus, Clock, Random } from '@skep/ports';
import type { Subjects } from '@skep/protocol';

export interface LiveNodesOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly subjects: Subjects;
  readonly tenant: string;
  /** A list came. */
  readonly onChange: () => void;
  /** Whether somebody waits for a list. */
  readonly isWanted: () => boolean;
}

interface Listed {
  readonly nodes: readonly { readonly incarnation: IncarnationId; readonly status: string }[];
  readonly timeMs: number;
}

const ANSWER_MS = 1_000;
const AGAIN_MS = 50;
const AGAIN_MS_MAX = 500;
const PROBE_MS = 150;
/** So many times it is asked for at short intervals: the death of a node is decided within a second. */
const PROBES_SHORT = 8;
const PROBE_MS_MAX = 2_000;
/** Lists in a row that miss a node before it counts as gone: the one that answers may not know a new one yet. */
const MISSED_MAX = 3;

export class LiveNodes {
  private live = new Set<IncarnationId>();
  /** Those that take agents, in an order of this client's own. */
  private serving: IncarnationId[] = [];
  private turn: number;
  private readonly heardAt = new Map<IncarnationId, number>();
  private readonly missed = new Map<IncarnationId, number>();
  private asking = false;
  private failures = 0;
  private probeAtMs = 0;
  private probes = 0;
  private aheadMs = 0;
  private stopped = false;

  constructor(private readonly options: LiveNodesOptions) {
    this.turn = options.random.uint32() % 1_024;
  }

  has(node: IncarnationId): boolean {
    return this.live.has(node);
  }

  isGone(node: IncarnationId): boolean {
    return (this.missed.get(node) ?? 0) >= MISSED_MAX;
  }

  /** One after the other; another one than `but`, if there is any. */
  next(but: IncarnationId | undefined): IncarnationId | undefined {
    const { serving } = this;
    for (let tried = 0; tried < Math.min(2, serving.length); tried += 1) {
      this.turn += 1;
      const node = serving[this.turn % serving.length];
      if (node !== but) return node;
    }
    return serving[this.turn % Math.max(1, serving.length)];
  }

  heard(node: IncarnationId): void {
    this.heardAt.set(node, this.options.clock.monotonicMs());
    if (this.live.has(node)) return;
    this.live.add(node);
    this.serving.push(node);
  }

  heardMs(node: IncarnationId): number {
    return this.heardAt.get(node) ?? 0;
  }

  nowMs(): number {
    const nowMs = this.options.clock.nowMs();
    return Math.max(nowMs, nowMs + this.aheadMs);
  }

  /** A node is silent: asks for the list, less often the longer it stays so. */
  probe(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs < this.probeAtMs) return;
    this.probes += 1;
    this.probeAtMs = nowMs + Math.min(PROBE_MS * 1.5 ** Math.max(0, this.probes - PROBES_SHORT), PROBE_MS_MAX);
    this.refresh();
  }

  calm(): void {
    this.probes = 0;
  }

  refresh(): void {
    if (this.asking || this.stopped) return;
    this.asking = true;
    this.list().then(
      (listed) => {
        this.asking = false;
        this.failures = 0;
        if (!this.stopped) this.take(listed);
      },
      () => {
        this.failures += 1;
        this.options.clock.setTimer(Math.min(AGAIN_MS * this.failures, AGAIN_MS_MAX), () => {
          this.asking = false;
          if (this.options.isWanted()) this.refresh();
        });
      },
    );
  }

  stop(): void {
    this.stopped = true;
  }

  private async list(): Promise<Listed> {
    const { bus, subjects, tenant } = this.options;
    const answer = await bus.request(subjects.swarm(tenant, 'nodes'), new Uint8Array(), { timeoutMs: ANSWER_MS });
    const listed = parseJson(new TextDecoder().decode(answer)) as unknown as Partial<Listed>;
    if (!Array.isArray(listed.nodes) || typeof listed.timeMs !== 'number' || listed.nodes.length === 0) throw new Error('this is no list of nodes');
    return listed as Listed;
  }

  private take({ nodes, timeMs }: Listed): void {
    this.aheadMs = Math.max(0, timeMs - this.options.clock.nowMs());
    const before = this.live;
    this.live = new Set(nodes.map(({ incarnation }) => incarnation));
    this.serving = nodes.filter(({ status }) => status === 'serving').map(({ incarnation }) => incarnation);
    if (this.serving.length === 0) this.serving = [...this.live];
    for (const node of before) if (!this.live.has(node)) this.missed.set(node, 0);
    for (const [node, count] of this.missed) {
      if (this.live.has(node)) this.missed.delete(node);
      else this.missed.set(node, count + 1);
    }
    for (const node of this.heardAt.keys()) if (!this.live.has(node)) this.heardAt.delete(node);
    while (this.missed.size > 1_024) this.missed.delete(this.missed.keys().next().value as IncarnationId);
    this.options.onChange();
  }
}
