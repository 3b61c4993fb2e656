/** What the benchmark and its child processes say to each other. */
export type ToChild =
  | { readonly role: 'load'; readonly dir: string }
  | { readonly role: 'reopen'; readonly dir: string }
  | {
      readonly role: 'call';
      readonly dir: string;
      readonly operations: number;
      readonly rounds: number;
      readonly roundMs: number;
      readonly callers: number;
    };

export type FromChild =
  /** The last acknowledged step of each agent. */
  | { readonly kind: 'acknowledged'; readonly steps: readonly number[] }
  | {
      readonly kind: 'reopened';
      readonly openMs: number;
      readonly firstMs: number;
      readonly allMs: number;
      readonly recovered: number;
      readonly steps: readonly number[];
    }
  | { readonly kind: 'called'; readonly sequentialMs: readonly number[]; readonly rates: readonly number[] }
  | { readonly kind: 'failed'; readonly message: string };
