/**
 * Work that is interrupted by the death of the process that does it.
 *
 *   feed up to the share --> send more --> SIGKILL --> new process --> look at what survived --> feed the rest
 *
 * - K1 At the kill exactly the asked share was acknowledged: nothing beyond it was sent before.
 * - K2 At the kill calls are on their way, and the parent has read no reply to them.
 */
import { isSkepError } from '@skep/kernel';
import type { Client } from '@skep/sdk';
import { HolderProcess } from '../holder/holder-process.js';
import { feed, PIPELINE_MAX } from './feed.js';
import { lostOf } from './verification.js';
import type { AgentWork } from './work.js';

export interface CrashPlan {
  readonly dir: string;
  /** Of the project, where it has address keys. */
  readonly config: string | undefined;
  readonly works: readonly AgentWork[];
  /** The share of all events after which the process is killed. */
  readonly share: number;
  readonly acknowledged: () => void;
}

export interface CrashReport {
  readonly killedAtEvent: number;
  readonly inFlightAtKill: number;
  /** From the kill until the new process served the folder. */
  readonly recoveryMs: number;
  /** Acknowledged before the kill and not there after it. */
  readonly lostAtKill: number;
}

/** The child gets this long with the calls that it will not live to answer, so that it dies in the middle of them. */
const IN_THE_MIDDLE_MS = 2;

/** @returns what happened, and the process that holds the folder now */
export async function feedThroughCrash(plan: CrashPlan): Promise<{ readonly report: CrashReport; readonly holder: HolderProcess }> {
  const { dir, config, works, acknowledged } = plan;
  const quotas = quotasFor(works, plan.share);
  const first = await HolderProcess.start(dir, config);
  try {
    await feed({ client: first.client, works, upTo: (work) => quotas.get(work) ?? 0, acknowledged });
  } catch (error) {
    await first.stop();
    throw error;
  }
  const killedAtEvent = sum(works);
  const inFlight = sendMore(first.client, { works, acknowledged, pipeline: PIPELINE_MAX });
  const killedMs = await killInTheMiddle(first);
  const outcomes = await Promise.allSettled(inFlight);
  await first.client.close();
  const holder = await HolderProcess.start(dir, config);
  try {
    const recoveryMs = performance.now() - killedMs;
    for (const outcome of outcomes) if (outcome.status === 'rejected' && !isInterrupted(outcome.reason)) throw outcome.reason;
    const lostAtKill = await lostOf(holder.client, works);
    await feed({ client: holder.client, works, upTo: (work) => work.steps.length, acknowledged });
    return { report: { killedAtEvent, inFlightAtKill: inFlight.length, recoveryMs, lostAtKill }, holder };
  } catch (error) {
    await holder.stop();
    throw error;
  }
}

/** How far each agent goes before the kill: all take their first step, then all their second, until the share is reached. */
export function quotasFor(works: readonly AgentWork[], share: number): ReadonlyMap<AgentWork, number> {
  const total = works.reduce((count, { steps }) => count + steps.length, 0);
  let left = Math.min(total - 1, Math.max(1, Math.round(total * share)));
  const quotas = new Map(works.map((work) => [work, 0]));
  for (let round = 1; left > 0; round += 1) {
    for (const work of works) {
      if (left === 0 || work.steps.length < round) continue;
      quotas.set(work, round);
      left -= 1;
    }
  }
  return quotas;
}

export interface MoreSteps {
  readonly works: readonly AgentWork[];
  readonly acknowledged: () => void;
  /** Steps of one agent. */
  readonly pipeline: number;
}

/** Sends the next steps and waits for none of them. */
export function sendMore(client: Client, { works, acknowledged, pipeline }: MoreSteps): readonly Promise<void>[] {
  return works.flatMap((work) => {
    const end = Math.min(work.steps.length, work.acknowledged + pipeline);
    const sent: Promise<void>[] = [];
    for (let at = work.acknowledged; at < end; at += 1) {
      const sending = work.send(client, at).then(acknowledged);
      sending.catch(() => undefined);
      sent.push(sending);
    }
    return sent;
  });
}

async function killInTheMiddle(holder: HolderProcess): Promise<number> {
  await untilOnTheirWay();
  const killedMs = performance.now();
  await holder.kill();
  return killedMs;
}

/** What was sent leaves this process at the end of the current tick; sockets read nothing before the next one. */
export async function untilOnTheirWay(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, IN_THE_MIDDLE_MS);
}

/** The call met the death of its process: whether it took effect is unknown, and the same operation will tell. */
function isInterrupted(error: unknown): boolean {
  return isSkepError(error, 'outcome-unknown') || isSkepError(error, 'unavailable') || isSkepError(error, 'closed');
}

function sum(works: readonly AgentWork[]): number {
  return works.reduce((count, { acknowledged }) => count + acknowledged, 0);
}
