import { defineAgent } from '@skep/actor';

export interface NotebookState {
  notes: string[];
  pages: { [title: string]: { lines: number; text: string } };
}

/** Agents whose past is looked at, brought back and branched from. */
export const notebookKind = (passivateAfterMs: number) =>
  defineAgent({
    kind: 'notebook',
    initial: { notes: [], pages: {} } as NotebookState,
    passivateAfterMs,
    handlers: {
      write(state, { op, title }: { readonly op: string; readonly title: string }) {
        const page = state.pages[title];
        if (page === undefined) state.pages[title] = { lines: 1, text: op };
        else {
          page.lines += 1;
          page.text = op;
        }
        return Object.keys(state.pages).length;
      },
      insert(state, { op, at }: { readonly op: string; readonly at: number }) {
        state.notes.splice(at % (state.notes.length + 1), 0, op);
        return state.notes.length;
      },
      tear(state, { op, at }: { readonly op: string; readonly at: number }) {
        if (state.notes.length > 2) state.notes.splice(at % state.notes.length, 1);
        state.notes.push(op);
        return state.notes.length;
      },
    },
    queries: { look: (state) => state },
  });
