/**
 * An agent that calls a model over HTTP, in steps.
 *
 * `ctx.step(name, run)` runs `run` once and keeps its result. When the process dies in the middle, the turn is run again from its start
 * by the next process, and gets the kept results: what was paid for is not bought twice. A step that was cut off is tried again, so hand
 * its `id` to the service as an idempotency key.
 */
import { defineAgent, openSkep } from '@skep/sdk';

const Analyst = defineAgent({
  kind: 'analyst',
  initial: { reports: [] as { question: string; answer: string }[] },
  // Models are slow. The deadline is for one step, not for the whole turn.
  turnDeadlineMs: 10 * 60_000,
  handlers: {
    async research(state, { question, model }: { question: string; model: string }, ctx) {
      const plan = await ctx.step('plan', ({ id, signal }) => complete(model, `Plan: ${question}`, { id, signal }));
      const facts: string[] = [];
      for (const topic of plan.split(', ')) {
        facts.push(await ctx.step(`look up ${topic}`, ({ id, signal }) => complete(model, `Facts: ${topic}`, { id, signal })));
      }
      const answer = await ctx.step('write', ({ id, signal }) => complete(model, `Write: ${facts.join('; ')}`, { id, signal }));
      // Only here does the state change, in one version, with everything or nothing of it.
      state.reports.push({ question, answer });
      return answer;
    },
  },
});

/** Any model behind HTTP: it gets a prompt and an idempotency key, and answers with text. */
async function complete(model: string, prompt: string, { id, signal }: { id: string; signal: AbortSignal }): Promise<string> {
  const response = await fetch(model, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': id },
    body: JSON.stringify({ prompt }),
    signal,
  });
  if (!response.ok) throw new Error(`the model answered ${response.status}`);
  return ((await response.json()) as { text: string }).text;
}

export async function main(dir: string, model: string, print: (line: string) => void): Promise<void> {
  await using skep = await openSkep({ dir, kinds: [Analyst] });
  // What the last process left unfinished goes on by itself.
  await skep.recovered;
  const ada = skep.agent(Analyst, 'ada');
  const question = 'Why do bees dance?';
  const known = (await ada.state()).value.reports;
  const { turn } = await ada.info().catch(() => ({ turn: null }));
  if (known.length === 0 && turn === null) print(`asked: ${await ada.research({ question, model })}`);
  while ((await ada.state()).value.reports.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const { answer } of (await ada.state()).value.reports) print(`kept: ${answer}`);
}

if (process.argv[1] === import.meta.filename) {
  await main(process.argv[2] ?? '.skep', process.env.MODEL_URL ?? 'http://127.0.0.1:8080', console.log);
}
