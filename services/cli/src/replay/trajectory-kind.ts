import { defineAgent } from '@skep/sdk';
import { grow, type Step, TRAJECTORY_START, type TrajectoryState } from './step.js';

/** One agent a trajectory, one turn a step. */
export const Trajectory = defineAgent({
  kind: 'trajectory',
  initial: TRAJECTORY_START,
  tags: ['replay'],
  handlers: {
    step(state: TrajectoryState, step: Step): number {
      grow(state, step);
      return state.steps;
    },
  },
});
