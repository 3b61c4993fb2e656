/**
 * Best of n: eight ways to remember, in 200 characters, what an agent saw in the first half of its work. What it did in the second half
 * says which of them was the best; that one is kept, the others are gone.
 *
 * The work is a file as SWE-agent writes it, gzip or plain: `npx jiti shared/sdk/examples/09-best-of-n/index.ts .skep my.traj.gz`. Without
 * one, a small one beside this file.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { defineAgent, openSkep } from '@skep/sdk';

interface Step {
  readonly thought: string;
  readonly action: string;
  readonly observation: string;
}

const ROOM = 200;

const Reader = defineAgent({
  kind: 'reader',
  initial: { memory: [] as string[] },
  handlers: {
    remember(state, { past, later }: { past: string[]; later: string[] }, ctx) {
      state.memory = [];
      return ctx.superpose(
        8,
        async (branch) => {
          // In the place of this sampling stands a model that is asked for a summary.
          branch.state.memory = await branch.step('compress', () => sample(past, () => branch.random()));
          for (const action of later) branch.weight(likelihood(action, branch.state.memory));
        },
        { keep: 'weight' },
      );
    },
  },
});

/** Lines by chance, as many as there is room for. */
function sample(lines: readonly string[], random: () => number): string[] {
  const left = [...new Set(lines)];
  const kept: string[] = [];
  let room = ROOM;
  while (left.length > 0) {
    const [line = ''] = left.splice(Math.floor(random() * left.length), 1);
    if (line.length <= room) kept.push(line);
    if (line.length <= room) room -= line.length;
  }
  return kept;
}

/** How likely somebody with this memory does that: the more of its words are known, the more. */
function likelihood(action: string, memory: readonly string[]): number {
  const known = new Set(wordsOf(memory.join(' ')));
  const words = wordsOf(action);
  return 0.2 + 0.8 * (words.filter((word) => known.has(word)).length / Math.max(1, words.length));
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\w{3,}/g) ?? [];
}

function stepsOf(file: string | URL): readonly Step[] {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8');
  return (JSON.parse(text) as { trajectory: Step[] }).trajectory;
}

export async function main(dir: string, print: (line: string) => void, file: string | URL = new URL('trajectory.json', import.meta.url)) {
  const steps = stepsOf(file);
  const half = Math.ceil(steps.length / 2);
  const past = steps
    .slice(0, half)
    .flatMap(({ thought, observation }) => `${thought}\n${observation}`.split('\n').filter((line) => line.trim() !== ''));
  const later = steps.slice(half).map(({ action }) => action);
  await using skep = await openSkep({ dir, kinds: [Reader] });
  const reader = skep.agent(Reader, 'ada');
  const { winner, branches } = await reader.remember({ past, later });
  for (const { index, weight } of branches)
    print(`${index === winner ? '>' : ' '} ${index} ${'#'.repeat(Math.round(weight * 40))} ${(weight * 100).toFixed(1)} %`);
  const { value, version } = await reader.state();
  print(`version ${version} remembers: ${value.memory[0]} ... (${value.memory.join('').length} characters)`);
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? '.skep', console.log, process.argv[3]);
