/** The files of a new project: one kind of agent, a test, a configuration, a README. */

export interface ProjectFile {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
}

export interface ProjectWords {
  /** Name of the package. */
  readonly name: string;
  /** Version of the Skep packages it asks for. */
  readonly version: string;
}

export function projectFiles({ name, version }: ProjectWords): readonly ProjectFile[] {
  return [
    { path: 'package.json', text: manifest({ name, version }) },
    { path: 'tsconfig.json', text: TSCONFIG },
    { path: 'skep.config.ts', text: CONFIG },
    { path: 'src/researcher.ts', text: KIND },
    { path: 'test/researcher.test.ts', text: TEST },
    { path: 'README.md', text: readme(name) },
    { path: '.gitignore', text: 'node_modules/\n.skep/\n' },
  ];
}

function manifest({ name, version }: ProjectWords): string {
  const content = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: {
      dev: 'skep dev',
      watch: 'skep watch',
      skep: 'skep',
      // jiti lets Node 20 run TypeScript; the test itself is a plain node:test program.
      test: 'node --import jiti/register test/researcher.test.ts',
    },
    dependencies: { '@skep/sdk': `^${version}` },
    devDependencies: { '@skep/cli': `^${version}`, '@types/node': '^20.19.0', jiti: '^2.0.0', typescript: '^7.0.2' },
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2022",
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "skipLibCheck": true,
    "types": ["node"]
  },
  "include": ["skep.config.ts", "src", "test"]
}
`;

const CONFIG = `import { defineSkep } from '@skep/sdk';
import { Researcher } from './src/researcher.ts';

/** The kinds of agents that live here. \`skep dev\` loads this file again whenever it, or what it imports, changes. */
export default defineSkep({ kinds: [Researcher] });
`;

const KIND = `import { defineAgent } from '@skep/sdk';

export interface Note {
  topic: string;
  fact: string;
  atMs: number;
}

/**
 * An agent that keeps notes. Its state is a plain object: change it, and the change is a new version that survives a crash.
 * A handler may await: put what touches the outside world into \`ctx.step(name, run)\`, and it is not done twice.
 */
export const Researcher = defineAgent({
  kind: 'researcher',
  initial: { notes: [] as Note[] },
  handlers: {
    learn(state, { topic, fact }: { topic: string; fact: string }, ctx) {
      state.notes.push({ topic, fact, atMs: ctx.now() });
      return state.notes.length;
    },
    forget(state, topic: string) {
      state.notes = state.notes.filter((note) => note.topic !== topic);
      return state.notes.length;
    },
  },
  queries: {
    recall(state, topic: string) {
      return state.notes.filter((note) => note.topic === topic).map((note) => note.fact);
    },
  },
});
`;

const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSkep } from '@skep/sdk';
import { Researcher } from '../src/researcher.ts';

test('a researcher remembers, and its past stays readable', async () => {
  const skep = await openSkep({ memory: true, kinds: [Researcher] });
  try {
    const ada = skep.agent(Researcher, 'ada');
    await ada.learn({ topic: 'bees', fact: 'They dance to tell where flowers are.' });
    await ada.learn({ topic: 'skeps', fact: 'They are woven from straw.' });
    assert.deepEqual(await ada.recall('bees'), ['They dance to tell where flowers are.']);

    await ada.forget('bees');
    assert.deepEqual(await ada.recall('bees'), []);

    const before = await ada.at(2);
    assert.equal(before.version, 2);
    assert.match(JSON.stringify(before.value), /They dance/);
  } finally {
    await skep.close();
  }
});
`;

function readme(name: string): string {
  return `# ${name}

Agents whose state outlives the process, with every version kept. Made with \`skep init\`.

    npm install
    npm test                                    # the test in test/, in memory
    npm run dev                                 # holds .skep/ and loads the code again when it changes

In a second terminal, while \`dev\` runs or not:

    npx skep agent call researcher/ada learn '{"topic":"bees","fact":"They dance."}'
    npx skep agent get researcher/ada
    npx skep agent log researcher/ada           # what happened, and what it changed
    npx skep agent at researcher/ada --version 0
    npx skep agent branch researcher/ada eve    # another agent that goes on from here
    npx skep watch                              # turns as they happen

- \`src/researcher.ts\` is a kind of agent: its initial state, its handlers, its queries.
- \`skep.config.ts\` lists the kinds.
- \`.skep/\` holds the data; \`npx skep reset\` removes it.
`;
}
