/** What is done to objects of a draft. */
import { setOwn } from '@skep/kernel';
import type { Content } from './content.js';
import { copyOf, countOf, type PlainMap, spoil } from './plain.js';
import { COPIED_VALUES_MAX, type Twin } from './twin.js';

export function actOnMap({ draft, model }: Twin<PlainMap>, content: Content): string {
  const { random } = content;
  const names = Object.keys(model);
  const name = random.pick(names);
  const key = name !== undefined && random.chance(0.5) ? name : content.key();
  switch (random.below(10)) {
    case 0:
      if (name === undefined) return 'nothing';
      delete draft[name];
      delete model[name];
      return `delete ${name}`;
    case 1:
      Reflect.set(draft, key, undefined);
      delete model[key];
      return `${key} = undefined`;
    case 2: {
      if (name === undefined || countOf(model[name]) > COPIED_VALUES_MAX) return 'nothing';
      Reflect.set(draft, key, draft[name]);
      setOwn(model, key, copyOf(model[name]));
      return `${key} = ${name}`;
    }
    case 3: {
      const size = content.mapSize();
      for (let at = 0; Object.keys(model).length < size; at += 1) {
        draft[`n${at}`] = at;
        model[`n${at}`] = at;
      }
      return `grows to ${size} entries`;
    }
    case 4: {
      const size = Math.min(content.mapSize(), names.length);
      for (const each of names.slice(size)) {
        delete draft[each];
        delete model[each];
      }
      return `shrinks to ${size} entries`;
    }
    case 5: {
      const given = content.map(random.below(4), 1);
      for (const each of Object.keys(given)) {
        Reflect.set(draft, each, given[each]);
        setOwn(model, each, copyOf(given[each]));
      }
      return `takes ${Object.keys(given).join(' ')}`;
    }
    case 6:
      return grow({ draft, model }, content, name ?? key);
    case 7: {
      if (countOf(model) > COPIED_VALUES_MAX) return 'nothing';
      Reflect.set(draft, key, { ...draft });
      setOwn(model, key, copyOf({ ...model }));
      return `${key} = a spread of all`;
    }
    default: {
      const given = content.value(1);
      Reflect.set(draft, key, given);
      setOwn(model, key, copyOf(given));
      spoil(given);
      return `${key} = something`;
    }
  }
}

/** Texts and bytes that grow at one end, over and over. */
function grow({ draft, model }: Twin<PlainMap>, content: Content, key: string): string {
  const present = Object.hasOwn(model, key) ? model[key] : undefined;
  if (present instanceof Uint8Array) {
    const more = content.bytes(content.random.below(3_000));
    Reflect.set(draft, key, Uint8Array.from([...(draft[key] as Uint8Array), ...more]));
    setOwn<unknown>(model, key, Uint8Array.from([...present, ...more]));
    return `${key} grows by ${more.length} bytes`;
  }
  const more = content.growth === 'chunked' ? content.longText() : 'more ';
  const isAtEnd = content.random.chance(0.5);
  const grown = (text: unknown) => {
    const before = typeof text === 'string' ? text : '';
    return isAtEnd ? `${before}${more}` : `${more}${before}`;
  };
  Reflect.set(draft, key, grown(draft[key]));
  setOwn<unknown>(model, key, grown(present));
  return `${key} grows by ${more.length} units`;
}
