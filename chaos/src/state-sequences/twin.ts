/** The same part twice: as a draft shows it, and in the model. */
import type { Content } from './content.js';
import { type Holder, isHolder, isSame, type PlainMap } from './plain.js';

export interface Twin<Part> {
  readonly draft: Part;
  readonly model: Part;
}

/** Parts with more values are not copied to other places, so that states stay small. */
export const COPIED_VALUES_MAX = 120;

/** @throws Error when both do not show the same */
export function mustShow(shown: unknown, expected: unknown, what: string): void {
  if (!isSame(shown, expected)) throw new Error(`the draft shows another ${what} than the model`);
}

/** Some part of the state, and the way to it. */
export function descend(root: Twin<Holder>, { random }: Content): { readonly twin: Twin<Holder>; readonly path: string } {
  let twin = root;
  let path = 'state';
  for (let level = random.below(4); level > 0; level -= 1) {
    const key = random.pick(Object.keys(twin.model));
    const model = key === undefined ? undefined : (twin.model as PlainMap)[key];
    if (key === undefined || !isHolder(model)) break;
    twin = { draft: (twin.draft as PlainMap)[key] as Holder, model };
    path += `.${key}`;
  }
  return { twin, path };
}
