/**
 * Linearizability by search: Wing and Gong's algorithm with Lowe's memo, as Porcupine runs it. It trusts no version, only calls, returns
 * and a sequential model; exponential at worst, so for histories of some hundred operations with few open ones.
 *
 *   events in order of time, linked:   call a - call b - return a - call c - return b - return c
 *   take the first call that the model allows and that was not tried with this state, unlink it and its return, start again;
 *   at a return whose call is still linked: take back the last one.
 *
 * Sources: Wing, Gong, "Testing and verifying concurrent objects" (1993); Lowe, "Testing for linearizability" (2017).
 */

export interface SearchedOperation<Input, Output> {
  readonly began: number;
  /** Infinity: nobody knows whether it took effect; then it may also have none. */
  readonly ended: number;
  readonly input: Input;
  /** Undefined for an operation that was not answered: any output is right. */
  readonly output: Output | undefined;
}

export interface Model<State, Input, Output> {
  readonly initial: State;
  /** The state after the operation; undefined when it cannot have this output here. */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Equal texts for equal states. */
  keyOf(state: State): string;
}

/** `unknown`: too many steps. It is never to be counted as right. */
export type Verdict = 'linearizable' | 'illegal' | 'unknown';

interface Node {
  readonly operation: number;
  readonly kind: 'call' | 'return';
  before: Node | undefined;
  after: Node | undefined;
}

export function searchLinearization<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly SearchedOperation<Input, Output>[],
  { stepsMax = 1_000_000 }: { readonly stepsMax?: number } = {},
): Verdict {
  const head: Node = { operation: -1, kind: 'call', before: undefined, after: undefined };
  const returns = link(head, operations);
  const tried = new Set<string>();
  const taken: { readonly call: Node; readonly state: State }[] = [];
  const linearized = new Uint32Array(Math.ceil(operations.length / 32));
  let answered = operations.filter((operation) => operation.ended !== Number.POSITIVE_INFINITY).length;
  let state = model.initial;
  let at = head.after;
  for (let steps = 0; answered > 0; steps += 1) {
    if (steps > stepsMax) return 'unknown';
    if (at?.kind === 'call') {
      const { input, output, ended } = operations[at.operation] as SearchedOperation<Input, Output>;
      const next = model.step(state, input, output);
      if (next !== undefined && isNew(tried, linearized, at.operation, model.keyOf(next))) {
        taken.push({ call: at, state });
        state = next;
        flip(linearized, at.operation);
        unlink(at);
        if (ended !== Number.POSITIVE_INFINITY) answered -= 1;
        const end = returns[at.operation];
        if (end !== undefined) unlink(end);
        at = head.after;
      } else at = at.after;
      continue;
    }
    const last = taken.pop();
    if (last === undefined) return 'illegal';
    const end = returns[last.call.operation];
    if (end !== undefined) relink(end);
    relink(last.call);
    flip(linearized, last.call.operation);
    if (operations[last.call.operation]?.ended !== Number.POSITIVE_INFINITY) answered += 1;
    state = last.state;
    at = last.call.after;
  }
  return 'linearizable';
}

/** Links calls and returns by time; at the same time calls come first, because intervals are closed. */
function link(head: Node, operations: readonly SearchedOperation<unknown, unknown>[]): readonly (Node | undefined)[] {
  const moments = operations.flatMap(({ began, ended }, operation) => [
    { at: began, kind: 'call' as const, operation },
    ...(ended === Number.POSITIVE_INFINITY ? [] : [{ at: ended, kind: 'return' as const, operation }]),
  ]);
  moments.sort((one, other) => one.at - other.at || (one.kind === other.kind ? 0 : one.kind === 'call' ? -1 : 1));
  const returns: (Node | undefined)[] = operations.map(() => undefined);
  let last = head;
  for (const { kind, operation } of moments) {
    const node: Node = { operation, kind, before: last, after: undefined };
    last.after = node;
    last = node;
    if (kind === 'return') returns[operation] = node;
  }
  return returns;
}

function unlink(node: Node): void {
  if (node.before !== undefined) node.before.after = node.after;
  if (node.after !== undefined) node.after.before = node.before;
}

/** In the reverse order of unlinking. */
function relink(node: Node): void {
  if (node.before !== undefined) node.before.after = node;
  if (node.after !== undefined) node.after.before = node;
}

function isNew(tried: Set<string>, linearized: Uint32Array, operation: number, state: string): boolean {
  flip(linearized, operation);
  const key = `${linearized.join(' ')} ${state}`;
  flip(linearized, operation);
  if (tried.has(key)) return false;
  tried.add(key);
  return true;
}

function flip(bits: Uint32Array, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) ^ (1 << (index & 31));
}
