/**
 * One operation, done to a part of a draft and to the same part of the model. What a draft does by itself is said aloud for the model: an
 * assignment copies.
 */
import { actOnList } from './act-on-list.js';
import { actOnMap } from './act-on-map.js';
import type { Content } from './content.js';
import { type Holder, isPlainMap, type PlainMap } from './plain.js';
import { mustShow, type Twin } from './twin.js';

const LOOKS = 0.2;

/** Returns what was done, for people. @throws Error when both do not show the same */
export function act({ draft, model }: Twin<Holder>, content: Content): string {
  if (content.random.chance(LOOKS)) return look({ draft, model }, content);
  return Array.isArray(model) ? actOnList({ draft: draft as unknown[], model }, content) : actOnMap({ draft: draft as PlainMap, model }, content);
}

/** Every way of looking has to show what the model holds. */
function look({ draft, model }: Twin<Holder>, content: Content): string {
  switch (content.random.below(5)) {
    case 0:
      mustShow(JSON.parse(JSON.stringify(draft)), JSON.parse(JSON.stringify(model)), 'JSON');
      return 'JSON.stringify';
    case 1:
      mustShow(Array.isArray(draft) ? [...draft] : { ...draft }, model, 'spread');
      return 'spread';
    case 2:
      mustShow(Object.keys(draft).toSorted(), Object.keys(model).toSorted(), 'keys');
      return 'keys';
    case 3: {
      const key = Array.isArray(model) ? String(content.random.below(model.length + 2)) : content.key();
      mustShow(Object.hasOwn(draft, key), Object.hasOwn(model, key), `${key} is there`);
      if (Object.hasOwn(model, key)) mustShow((draft as PlainMap)[key], (model as PlainMap)[key], `member ${key}`);
      return `has ${key}`;
    }
    default:
      if (isPlainMap(model)) mustShow(Object.entries(draft).length, Object.entries(model).length, 'entries');
      else {
        const list = draft as unknown[];
        mustShow(
          [list.length, list.at(-1), list.indexOf(1), list.includes('text')],
          [model.length, model.at(-1), model.indexOf(1), model.includes('text')],
          'list',
        );
        let at = 0;
        for (const item of list) {
          mustShow(item, model[at], `item ${at}`);
          at += 1;
        }
        mustShow(at, model.length, 'iteration');
      }
      return 'iteration';
  }
}
