/**
 * Chaos: what proves the rest. Explorer, simulator runs, invariants, crash runs.
 *
 *   const result = search(new World(budget, RULES), { statesMax: 100_000 });
 */
export { type Action, actionsOf } from './explorer/actions.js';
export { MISTAKES, type Mistake, PROVEN } from './explorer/mistakes.js';
export { type SearchOptions, type SearchResult, search } from './explorer/search.js';
export { type Budget, Violation, World } from './explorer/world.js';
