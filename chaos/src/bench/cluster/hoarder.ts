/** An agent with a state as large as one likes. */
import { defineAgent } from '@skep/sdk';

export const hoarderKind = defineAgent({
  kind: 'hoarder',
  initial: { parts: [] as string[] },
  handlers: {
    keep(state, bytes: number) {
      state.parts.push(String(state.parts.length % 10).repeat(bytes));
      return state.parts.length;
    },
  },
});
