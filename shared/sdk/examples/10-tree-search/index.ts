/**
 * Tree search: a puzzle of numbers, solved by Monte-Carlo tree search on branches of an agent's state.
 *
 * Two of the numbers are replaced by their sum, difference, product or quotient, again and again, until the target is there. For each move
 * eight branches grow a search tree of their own, each with chance of its own; the move of the best one is kept. The seed makes it the same
 * each time: `npx jiti shared/sdk/examples/10-tree-search/index.ts .skep 7`.
 */
import { defineAgent, openSkep } from '@skep/sdk';

const PLAYOUTS = 1_500;

type Move = { readonly text: string; readonly numbers: number[] };

const Solver = defineAgent({
  kind: 'solver',
  initial: { numbers: [] as number[], target: 0, moves: [] as string[] },
  handlers: {
    async solve(state, { numbers, target, seed }: { numbers: number[]; target: number; seed: number }, ctx) {
      Object.assign(state, { numbers, target, moves: [] });
      while (state.numbers.length > 1 && !state.numbers.includes(target)) {
        await ctx.superpose(8, async (branch) => {
          const random = seeded(seed * 1_000 + state.moves.length * 10 + branch.index);
          const { move, score } = await branch.step('search', () => search([...branch.state.numbers], target, random));
          branch.state.numbers = move.numbers;
          branch.state.moves.push(move.text);
          branch.score(score);
        });
      }
      return state.moves;
    },
  },
});

/** A node of the search tree; children are the moves from here. */
interface TreeNode {
  readonly move: Move;
  children: TreeNode[];
  visits: number;
  total: number;
}

const nodeOf = (move: Move): TreeNode => ({ move, children: [], visits: 0, total: 0 });

/** Upper confidence bounds for trees: goes where it was good or nobody was, plays on by chance, and remembers how that ended. */
function search(numbers: number[], target: number, random: () => number): { readonly move: Move; readonly score: number } {
  const root = nodeOf({ text: '', numbers });
  let best = { move: root.move, score: -1 };
  for (let turn = 0; turn < PLAYOUTS; turn += 1) {
    const path = [root];
    for (let node = root; node.visits > 0 && node.move.numbers.length > 1; path.push(node)) {
      if (node.children.length === 0) node.children = movesOf(node.move.numbers).map(nodeOf);
      const { visits } = node;
      const bound = (child: TreeNode) =>
        child.total / (child.visits || 1) + Math.sqrt(Math.log(visits + 1) / (child.visits || 0.01)) / 2 + random() / 1_000;
      node = node.children.map((child) => ({ child, value: bound(child) })).reduce((one, other) => (other.value > one.value ? other : one)).child;
    }
    const line = path.slice(1).map(({ move }) => move);
    while ((line.at(-1)?.numbers ?? numbers).length > 1) {
      const moves = movesOf(line.at(-1)?.numbers ?? numbers);
      line.push(moves[Math.floor(random() * moves.length)] as Move);
    }
    // 1 where the target is among the numbers.
    const score = Math.max(...line.flatMap((move) => move.numbers.map((number) => 1 / (1 + Math.abs(number - target)))));
    for (const node of path) Object.assign(node, { visits: node.visits + 1, total: node.total + score });
    if (score > best.score) best = { move: line[0] as Move, score };
  }
  return best;
}

function movesOf(numbers: readonly number[]): Move[] {
  const moves: Move[] = [];
  for (const [at, one] of numbers.entries()) {
    for (const [index, other] of numbers.entries()) {
      if (index === at || other > one || (other === one && index > at)) continue;
      const rest = numbers.filter((_, place) => place !== at && place !== index);
      for (const [sign, result] of Object.entries({ '+': one + other, '-': one - other, '*': one * other, '/': one / other })) {
        if (result > 0 && Number.isInteger(result)) moves.push({ text: `${one} ${sign} ${other} = ${result}`, numbers: [...rest, result] });
      }
    }
  }
  return moves;
}

/** Chance that is the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function main(dir: string, print: (line: string) => void, seed = 1): Promise<void> {
  await using skep = await openSkep({ dir, kinds: [Solver] });
  const moves = await skep.agent(Solver, 'ada').solve({ numbers: [3, 7, 9, 25, 50], target: 810, seed });
  for (const move of moves) print(move);
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? '.skep', console.log, Number(process.argv[3] ?? 1));
