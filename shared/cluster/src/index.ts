/**
 * Cluster: who is alive, where agents lie, where they were seen last. It decides; the runtime performs.
 *
 *   const members = new Membership({ self: incarnation, nowMs: clock.monotonicMs() });
 *   for (const lane of open) members.expect(incarnationOf(lane), clock.monotonicMs()); // lanes that are open in the universe record
 *   bus.subscribe(subjects.heartbeat, ({ data }) => members.heard(decodeHeartbeat(data), clock.monotonicMs())); // own ones, too: they prove the link
 *
 *   // every members.patience.heartbeatMs, and at once after an event `suspected`:
 *   members.report({ load: { agents: host.size } });
 *   bus.publish(subjects.heartbeat, encodeHeartbeat(members.heartbeat(clock.monotonicMs())));
 *
 *   for (const event of members.take()) {
 *     if (event.kind === 'dead') sealAndClaim(event.incarnation);
 *     if (event.kind === 'outnumbered') appendToOwnLane().then(() => members.arbitrated(event.silent, clock.monotonicMs()));
 *   }
 *
 * The link: `disconnected` and `connected` as the bus says so; `closed` for an advisory that another node's connection went; `left` for a
 * goodbye, and for one of `suspected()` whose lane the universe record lists no more. A fenced node makes a new Membership for its new incarnation.
 *
 *   placement.update(members.view()); // after events, and now and then for the loads
 *   const home = whereabouts.find(agent) ?? placement.place(agent);
 */
export { decodeHeartbeat, encodeHeartbeat, type Heartbeat, IDLE, type Load, MEMBERS_MAX, type MemberStatus } from './heartbeat.js';
export { getClusterUtilization, type Requirements, selectNode, type Utilization, updateNodeMetrics } from './load-balance.js';
export type { DeathReason, Member, MembershipEvent } from './member.js';
export { Membership, type MembershipOptions } from './membership.js';
export { Placement, weightOf } from './placement.js';
export { type Move, rebalanceWorkload, type Workload } from './rebalance.js';
export { type Outage, RULES, type Rules } from './rules.js';
export { Whereabouts } from './whereabouts.js';
export { type Patience, patienceOf } from './witness.js';
