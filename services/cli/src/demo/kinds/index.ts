import type { AnyKind } from '@skep/sdk';
import { Rememberer } from '../best-of-n/rememberer.js';
import { Planner } from './planner.js';
import { Reviewer } from './reviewer.js';
import { Worker } from './worker.js';

export { Planner, Reviewer, Worker };
export const DEMO_KINDS: readonly AnyKind[] = [Planner, Worker, Reviewer, Rememberer];
