/** The agent of `skep demo best-of-n`: what it remembers of its work, in so many characters. */
import { defineAgent } from '@skep/sdk';

export interface RememberingState {
  /** Steps that were seen. */
  steps: number;
  /** How it chooses what to remember; empty until one was kept. */
  strategy: string;
  memory: string[];
}

export const Rememberer = defineAgent({
  kind: 'rememberer',
  initial: { steps: 0, strategy: '', memory: [] } as RememberingState,
  tags: ['demo'],
  // All that it learns it learns on branches.
  handlers: {},
});
