/** The one place of the benchmark that knows how superpositions are made and observed. */
import type { AgentId } from '@skep/kernel';
import { memoryHeads, type Superposition, SuperpositionEngine, type Tree } from '@skep/state';

export function superpositionsOf(agent: AgentId, tree: Tree): SuperpositionEngine {
  return new SuperpositionEngine(memoryHeads([[agent, tree]]));
}

export function createdSuperposition(engine: SuperpositionEngine, agent: AgentId, trees: readonly Tree[]): Superposition {
  return engine.createSuperposition(
    agent,
    trees.map((tree) => ({ tree })),
  );
}

export function observed(engine: SuperpositionEngine, made: Superposition): unknown {
  return engine.observe(made, 'weight');
}
