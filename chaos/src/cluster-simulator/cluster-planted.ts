/** Methods of nodes among others that do what a careless version of them would do; each returns the function that undoes it. */
import type { Activation, ActorHost } from '@skep/actor';
import { RULES as MEMBERSHIP, type Rules } from '@skep/cluster';
import type { AgentId, IncarnationId, LaneId, Value } from '@skep/kernel';
import type { Ports } from '@skep/ports';
import type { SendItem } from '@skep/protocol';
import { type AgentRequest, type LaneDriver, SkepNode } from '@skep/runtime';

/** What these mistakes need of the inside of an incarnation. */
interface IncarnationInside {
  readonly options: { readonly ports: Ports };
  readonly driver: LaneDriver;
  readonly host: HostInside;
  readonly post: PostInside | undefined;
  readonly reviver: { recoverOnce(lanes: readonly LaneId[]): Promise<number>; sweep(): Promise<void> };
  seal(lane: LaneId): Promise<void>;
}

interface HostInside {
  reading(agent: AgentId): Promise<Activation | undefined>;
  barrier(ticket: number): Promise<void>;
  readonly roster: ActorHost['roster'];
  readonly keeper: { letGo(activation: Activation): Promise<boolean> };
  readonly recorder: { taken(activation: Activation, cause: CauseInside, ticket: number): void };
  readonly messenger: MessengerInside;
}

type CauseInside = { readonly kind: 'message'; readonly from: AgentId; readonly sequence: number } | { readonly kind: 'other' };

interface MessengerInside {
  post(sender: Activation, item: SendItem): boolean;
  postAgainLater(sender: Activation, attempt: number): void;
  deliver(receiver: Activation, from: AgentId, item: SendItem, first: number | undefined): string;
  known(delivery: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number }): void;
  taken(delivery: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number }): void;
  readonly others: { deliver(from: AgentId, item: SendItem): void } | undefined;
}

interface PostInside {
  attempt(request: AgentRequest, leftMs: number, attempt: number): Promise<Value>;
  wake(agents: readonly AgentId[]): void;
  readonly options: { readonly locator: { locate(agent: AgentId): IncarnationId | 'here' | 'nowhere' } };
}

interface NodeInside {
  incarnate(lane: LaneId, timeline: number): IncarnationInside;
}

/** Changes every incarnation that a node begins from now on. */
function eachIncarnation(change: (incarnation: IncarnationInside) => void): () => void {
  const inside = SkepNode.prototype as unknown as NodeInside;
  const { incarnate } = inside;
  inside.incarnate = function changed(this: NodeInside, lane, timeline) {
    const made = incarnate.call(this, lane, timeline);
    change(made);
    return made;
  };
  return () => {
    inside.incarnate = incarnate;
  };
}

/** With the snapshot that it has, while a record is on its way. */
export const freesEarly = () =>
  eachIncarnation(({ host: { keeper }, driver }) => {
    const { letGo } = keeper;
    keeper.letGo = (activation) => {
      const { agent, settled } = activation;
      const { position, version, blob } = settled;
      const early =
        blob !== null && driver.holds(agent) && driver.standing(agent).acknowledged === position && driver.standing(agent).position > position;
      if (!early) return letGo.call(keeper, activation);
      const snapshot = { position, version, blob };
      if (!driver.free(agent, { snapshot, batch: driver.acknowledgedBatch, wake: true, tombstone: false })) return letGo.call(keeper, activation);
      activation.stage = 'freeing';
      driver.flush();
      return Promise.resolve(true);
    };
  });

/** Whether the node still lives is asked of the log as before: ticket 0 is nobody's record. */
export const readsFromMemory = () =>
  eachIncarnation(({ host }) => {
    const { barrier } = host;
    host.barrier = (ticket) => (ticket === 0 ? barrier.call(host, ticket) : Promise.resolve());
  });

export const trimsSeals = () =>
  eachIncarnation((incarnation) => {
    const { seal } = incarnation;
    const { log } = incarnation.options.ports;
    incarnation.seal = async (lane) => {
      await seal.call(incarnation, lane);
      const last = await log.last(lane);
      if (last !== undefined) await log.trim(lane, last.sequence + 1);
    };
  });

export const takesWithoutSealing = () =>
  eachIncarnation((incarnation) => {
    incarnation.seal = () => Promise.resolve();
  });

export const bringsNobodyBack = () =>
  eachIncarnation(({ reviver }) => {
    reviver.recoverOnce = () => Promise.resolve(0);
    reviver.sweep = () => Promise.resolve();
  });

export const postsEarly = () =>
  eachIncarnation(({ host: { messenger } }) => {
    messenger.post = (sender, item) => {
      if (item.sequence <= (sender.posted.get(item.to) ?? 0)) return true;
      sender.posted.set(item.to, item.sequence);
      messenger.others?.deliver(sender.agent, item);
      messenger.postAgainLater(sender, 1);
      return true;
    };
  });

export const acknowledgesEarly = () =>
  eachIncarnation(({ host: { messenger, recorder } }) => {
    recorder.taken = ({ agent }, cause) => {
      if (cause.kind === 'message') messenger.taken({ from: cause.from, to: agent, sequence: cause.sequence });
    };
    messenger.known = (delivery) => messenger.taken(delivery);
  });

export const acceptsGaps = () =>
  eachIncarnation(({ host: { messenger } }) => {
    const { deliver } = messenger;
    messenger.deliver = (receiver, from, item, first) => {
      const delivered = deliver.call(messenger, receiver, from, item, first);
      if (delivered !== 'gap' || receiver.state === undefined) return delivered;
      receiver.state.cursors.set(from, item.sequence - 1);
      receiver.enqueued.set(from, item.sequence - 1);
      return deliver.call(messenger, receiver, from, item, first);
    };
  });

export const repeatsWithoutSlot = () =>
  eachIncarnation(({ post }) => {
    if (post === undefined) return;
    const { attempt } = post;
    post.attempt = (request, leftMs, count) => {
      const [name, input, options] = request.parameters;
      if (count === 0 || request.method !== 'call' || options === null || typeof options !== 'object')
        return attempt.call(post, request, leftMs, count);
      const { slot: _, ...rest } = options as { readonly [name: string]: Value };
      return attempt.call(post, { ...request, parameters: [name ?? null, input ?? null, rest] }, leftMs, count);
    };
  });

export const wakesNobody = () =>
  eachIncarnation(({ driver, post }) => {
    const { free } = driver;
    driver.free = (agent, task) => free.call(driver, agent, { ...task, wake: false });
    if (post !== undefined) post.wake = () => undefined;
  });

/** Reads of an agent that was once here are answered from memory. */
export const answersForever = () =>
  eachIncarnation(({ host, post }) => {
    const kept = new Map<AgentId, Activation>();
    const { reading } = host;
    host.reading = async (agent) => {
      const before = kept.get(agent);
      if (before !== undefined && host.roster.find(agent) === undefined) return before;
      const found = await reading.call(host, agent);
      if (found !== undefined) kept.set(agent, found);
      return found;
    };
    if (post === undefined) return;
    const { locator } = post.options;
    const { locate } = locator;
    locator.locate = (agent) => (kept.has(agent) ? 'here' : locate.call(locator, agent));
  });

export function membership(changes: Partial<Rules>): () => void {
  const rules = MEMBERSHIP as { -readonly [Name in keyof Rules]: Rules[Name] };
  const before = { ...rules };
  Object.assign(rules, changes);
  return () => {
    Object.assign(rules, before);
  };
}
