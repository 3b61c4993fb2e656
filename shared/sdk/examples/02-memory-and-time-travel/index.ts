/**
 * An agent's memory, and its past: every version stays readable, can be compared, gone back to, and branched from.
 */
import { defineAgent, openSkep } from '@skep/sdk';

const Writer = defineAgent({
  kind: 'writer',
  initial: { title: 'untitled', sections: [] as string[] },
  handlers: {
    rename(state, title: string) {
      state.title = title;
    },
    add(state, section: string) {
      state.sections.push(section);
    },
    rewrite(state, { at, text }: { at: number; text: string }) {
      state.sections[at] = text;
    },
  },
});

export async function main(dir: string, print: (line: string) => void): Promise<void> {
  await using skep = await openSkep({ dir, kinds: [Writer] });
  const draft = skep.agent(Writer, 'draft');

  await draft.rename('On bees');
  await draft.add('They dance.');
  await draft.add('They build in hexagons.');

  // A name for this moment. It is as cheap as a version, because it is one.
  const good = await draft.checkpoint('before the edit');
  await draft.rewrite({ at: 0, text: 'They are lazy.' });
  await draft.rename('On wasps');

  print('what happened:');
  for (const event of await draft.history()) print(`  ${event.version} ${event.type}`);

  // Any version as it was, and what lies between two of them.
  print(`version 2 said: ${(await draft.at(2)).value.sections.join(' ')}`);
  for (const change of await draft.diff(good.version, 5)) print(`changed since: ${change.path.join('.')}`);

  // Another agent that goes on from there, to try something else. The first one knows nothing of it.
  const bold = await draft.branch('bold draft', { version: good.version });
  await bold.add('They vote.');
  print(`branch: ${(await bold.state()).value.sections.length} sections`);

  // Back to the checkpoint. That is a new version: nothing of the past is lost.
  const restored = await draft.restore({ checkpoint: 'before the edit' });
  print(`restored as version ${restored.version}: ${restored.value.title}, same root: ${restored.root === good.root}`);
  print(`the wrong turn is still there: ${(await draft.at(5)).value.title}`);
}

if (process.argv[1] === import.meta.filename) await main('.skep', console.log);
