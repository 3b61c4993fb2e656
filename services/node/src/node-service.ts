/**
 * One node, from its configuration to its end.
 *
 *   connecting --(servers that hold what is asked of them)--> starting --> serving --> draining --> ended
 *
 * - S1 Servers may be away at the start and later, for ever; the node says so and goes on by itself. Only what no time will mend ends it:
 *   credentials that are refused, a level that the servers do not hold, kinds that cannot be loaded.
 * - S2 A node that was fenced comes back as a new incarnation by itself (the runtime does it); here it is only told.
 * - S3 One whose name another process took ends: of two processes with one name that which started last goes on.
 * - S4 `stop` hands over what the node holds before it ends: no call fails for it.
 */
import { startWatchdog, systemClock, systemRandom, type Watchdog } from '@skep/embedded';
import { isSkepError, LIMITS, nodeId, type SkepError, toSkepError, universeId } from '@skep/kernel';
import { type NatsPorts, natsPorts, type ProbeReport } from '@skep/nats';
import { type ClusterNode, openNode } from '@skep/sdk';
import { accessOf, type NodeConfiguration, type NodeStatus, systemAccessOf } from '@skep/sdk/operations';
import { loadProject, type Project, readAddressKey } from '@skep/sdk/project';
import { AdminAnswers } from './admin-answers.js';
import type { EventLines } from './event-lines.js';
import { EventLoopLag } from './event-loop-lag.js';

export interface NodeServiceOptions {
  readonly configuration: NodeConfiguration;
  readonly lines: EventLines;
  /** Called when the node has ended by itself: because it was drained, or with why. */
  readonly onEnd: (failure?: SkepError) => void;
}

const START_AGAIN_MS = 250;
const START_AGAIN_MS_MAX = 2_000;
const WAITING_EVERY_MS = 5_000;

export class NodeService {
  private readonly lag = new EventLoopLag(systemClock);
  private readonly startedMs = systemClock.nowMs();
  private readonly laneAlarms: { readonly lane: string; readonly message: string }[] = [];
  private ports: NatsPorts | undefined;
  private watchdog: Watchdog | undefined;
  private report: ProbeReport | undefined;
  private cluster: ClusterNode | undefined;
  private admin: AdminAnswers | undefined;
  private incarnations = 0;
  private linkBreaks = 0;
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: NodeServiceOptions) {}

  /** Resolves when the node serves. @throws SkepError what no time will mend; `closed` when it was stopped before it served */
  async start(): Promise<{ readonly incarnation: string; readonly level: string }> {
    const { configuration, lines } = this.options;
    const { name, universe, servers, level, replicas, limits } = configuration;
    lines.say('starting', { universe, servers, pid: process.pid });
    const project = withKeysOf(configuration, await loadProject(configuration.kinds));
    const system = systemAccessOf(configuration);
    const ports = natsPorts({
      ...accessOf(configuration, { role: 'node' }),
      ...{ servers, name, clock: systemClock, random: systemRandom },
      ...(system === undefined ? {} : { system }),
      ...(level === undefined ? {} : { level }),
      ...(replicas === undefined ? {} : { replicas }),
    });
    this.ports = ports;
    this.followLink(ports);
    const report = await this.untilReady(ports);
    this.report = report;
    const { servers: found, ...promised } = report;
    lines.say('connected', {
      servers: found.map(({ name: server, version }) => ({ server, version })),
      level: promised.level,
      replicas: promised.replicas,
    });
    for (const warning of report.warnings) lines.say('warning', { message: warning });
    this.watchdog = startWatchdog({
      limitMs: limits?.blockedThreadMs ?? LIMITS.blockedThreadMs,
      lines: 'json',
      report: (turn) => lines.say('blocked', turn),
    });
    const cluster = await this.untilOpen(ports, project);
    this.lag.start();
    this.admin = new AdminAnswers({
      cluster,
      status: () => this.status(cluster),
      onAsked: (command, parameter) => lines.say('admin', { command, ...parameter }),
      onDrained: () => void this.stop().then(() => this.options.onEnd()),
    });
    this.admin.open();
    await ports.flush();
    return { incarnation: cluster.node.id, level: report.level };
  }

  /** Hands over and ends; also while it still starts. Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= this.shut();
    return this.stopping;
  }

  private async shut(): Promise<void> {
    const { lines } = this.options;
    const { cluster, admin, ports } = this;
    if (cluster !== undefined) {
      lines.say('draining');
      admin?.leaveQueue();
      const drained = await cluster.drain();
      await cluster.close();
      lines.say('drained', drained);
    }
    admin?.close();
    await this.watchdog?.close();
    await ports?.close();
    lines.say('ended');
  }

  private followLink(ports: NatsPorts): void {
    ports.onState((state) => {
      if (this.report === undefined || this.stopping !== undefined) return;
      if (state.kind === 'connecting') this.linkBreaks += 1;
      if (state.kind !== 'closed') this.options.lines.say('link', { ...state });
    });
  }

  /** S1: says why it waits, at once and now and then. */
  private async untilReady(ports: NatsPorts): Promise<ProbeReport> {
    const say = (): void => {
      ports.registry.get(`universe/${universeId(this.options.configuration.universe)}`).catch((error: unknown) => {
        if (isSkepError(error, 'unavailable')) this.options.lines.say('waiting', toSkepError(error).toJSON());
      });
    };
    let told = false;
    const unfollow = ports.onState(({ kind }) => {
      if (kind !== 'connecting' || told) return;
      told = true;
      // The ports take note of the same change.
      setImmediate(say);
    });
    const timer = setInterval(say, WAITING_EVERY_MS);
    try {
      return await ports.ready;
    } finally {
      clearInterval(timer);
      unfollow();
    }
  }

  private async untilOpen(ports: NatsPorts, project: Project): Promise<ClusterNode> {
    const { configuration, lines } = this.options;
    const { name, universe, limits, settleEveryMs, heartbeatMs, suspectAfterMs } = configuration;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const cluster = await openNode(ports, {
          ...{ name, universe, ...project },
          ...(this.watchdog === undefined ? {} : { watch: this.watchdog }),
          ...(limits === undefined ? {} : { limits }),
          ...(settleEveryMs === undefined ? {} : { settleEveryMs }),
          ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
          ...(suspectAfterMs === undefined ? {} : { suspectAfterMs }),
          closings: (listener) => ports.onPeerClosed((peer) => listener(nodeId(peer))),
          link: (listener) => ports.onState(({ kind }) => listener(kind === 'connected' ? 'connected' : 'disconnected')),
          onAlarm: (agent, error) => lines.say('alarm', { agent, ...error.toJSON() }),
          onLaneAlarm: (lane, error) => {
            this.laneAlarms.push({ lane, message: error.message });
            lines.say('alarm', { lane, ...error.toJSON() });
          },
          onEnd: this.options.onEnd,
          onIncarnation: (incarnation) => {
            this.incarnations += 1;
            lines.say('incarnation', { incarnation, number: this.incarnations });
          },
        });
        this.cluster = cluster;
        return cluster;
      } catch (error) {
        const failure = toSkepError(error);
        if (this.stopping !== undefined || !isPassing(failure.code)) throw failure;
        lines.say('waiting', failure.toJSON());
        await new Promise((resolve) => setTimeout(resolve, Math.min(START_AGAIN_MS * 2 ** attempt, START_AGAIN_MS_MAX)));
      }
    }
  }

  private status({ node }: ClusterNode): NodeStatus {
    const { name, universe } = this.options.configuration;
    const { user, system } = process.cpuUsage();
    return {
      ...{ node: name, incarnation: node.id, pid: process.pid, universe, startedMs: this.startedMs },
      ...{ incarnations: this.incarnations, linkBreaks: this.linkBreaks, lagMs: this.lag.get(), laneAlarms: this.laneAlarms },
      memoryBytes: process.memoryUsage.rss(),
      cpuMs: Math.round((user + system) / 1000),
      addressKeys: node.addressKeys.known,
      level: this.report?.level ?? 'memory',
      replicas: this.report?.replicas ?? 1,
      warnings: this.report?.warnings ?? [],
      servers: (this.report?.servers ?? []).map(({ name: server, version, syncAlways, clockAheadMs }) => ({
        ...{ name: server, version, syncAlways: syncAlways ?? null, clockAheadMs: clockAheadMs ?? null },
      })),
    };
  }
}

function withKeysOf({ name, addressKeys = {} }: NodeConfiguration, project: Project): Project {
  const own = Object.entries(addressKeys).map(([tenant, path]) => [tenant, readAddressKey({ tenant, path, source: `node ${name}` })]);
  return { ...project, addressKeys: { ...project.addressKeys, ...Object.fromEntries(own) } };
}

/** Later the same may work. */
function isPassing(code: string): boolean {
  return ['unavailable', 'timeout', 'outcome-unknown', 'sealed', 'disk-full'].includes(code);
}
