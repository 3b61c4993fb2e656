import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A project with one small kind; nothing is installed in it. */
export function writeProject(folder: string): void {
  writeFileSync(join(folder, 'counter.ts'), counterSource('state.count += by'));
  writeFileSync(
    join(folder, 'skep.config.ts'),
    `import { defineSkep } from '@skep/sdk';\nimport { Counter } from './counter.ts';\n\nexport default defineSkep({ kinds: [Counter] });\n`,
  );
}

/** @param counting what `increment` does */
export function counterSource(counting: string): string {
  return `import { defineAgent } from '@skep/sdk';

enum Start { Zero }

export const Counter = defineAgent({
  kind: 'counter',
  tags: ['test'],
  initial: { count: Start.Zero as number },
  handlers: {
    increment(state, by: number) {
      ${counting};
      return state.count;
    },
  },
  queries: { peek: (state) => state.count },
});
`;
}
