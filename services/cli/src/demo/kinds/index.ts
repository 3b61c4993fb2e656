import type { AnyKind } from '@skep/sdk';
import { Planner } from './planner.js';
import { Reviewer } from './reviewer.js';
import { Worker } from './worker.js';

export { Planner, Reviewer, Worker };
export const DEMO_KINDS: readonly AnyKind[] = [Planner, Worker, Reviewer];
