/** Who plays: four teams, each with a planner, ten workers and four reviewers. */
import { type AgentId, agentId } from '@skep/kernel';
import { TENANT_DEFAULT } from '../arguments/agent-address.js';

export type Role = 'planner' | 'worker' | 'reviewer';

export interface Player {
  readonly agent: AgentId;
  readonly role: Role;
  readonly name: string;
}

const TEAMS = ['north', 'east', 'south', 'west'] as const;
const WORKERS = 10;
const REVIEWERS = 4;

export function workersOf(team: string): readonly string[] {
  return Array.from({ length: WORKERS }, (_, at) => `${team}-${at + 1}`);
}

export function reviewersOf(team: string): readonly string[] {
  return Array.from({ length: REVIEWERS }, (_, at) => `${team}-${String.fromCharCode(97 + at)}`);
}

export function teamOf(name: string): string {
  return name.split('-')[0] ?? name;
}

export const CAST: readonly Player[] = TEAMS.flatMap((team) => [
  player('planner', team),
  ...workersOf(team).map((name) => player('worker', name)),
  ...reviewersOf(team).map((name) => player('reviewer', name)),
]);

export function player(role: Role, name: string): Player {
  return { role, name, agent: agentId({ tenant: TENANT_DEFAULT, kind: role, name }) };
}

export function countOf(role: Role): number {
  return CAST.filter((each) => each.role === role).length;
}
