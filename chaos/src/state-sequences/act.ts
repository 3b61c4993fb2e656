/**
 * One operation, done to a part of a draft and to the same part of the model. What a draft does by itself is said aloud for the model: an
 * assignment copies.
 */
import { encode, setOwn } from '@skep/kernel';
import type { Content } from './content.js';
import { copyOf, countOf, type Holder, isPlainMap, isSame, type PlainMap, spoil } from './plain.js';

/** The same part twice: as the draft shows it, and in the model. */
export interface Twin<Part> {
  readonly draft: Part;
  readonly model: Part;
}

/** Parts with more values are not copied to other places, so that states stay small. */
const COPIED_VALUES_MAX = 120;

const byBytes = (one: unknown, other: unknown): number => Buffer.compare(encode(one), encode(other));

/** Returns what was done, for people. @throws Error when both do not show the same */
export function act({ draft, model }: Twin<Holder>, content: Content): string {
  if (content.random.chance(0.2)) return look({ draft, model }, content);
  return Array.isArray(model) ? actOnList({ draft: draft as unknown[], model }, content) : actOnMap({ draft: draft as PlainMap, model }, content);
}

function actOnMap({ draft, model }: Twin<PlainMap>, content: Content): string {
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
  const more = content.flavour === 'chunked' ? content.longText() : 'more ';
  const isAtEnd = content.random.chance(0.5);
  const grown = (text: unknown) => {
    const before = typeof text === 'string' ? text : '';
    return isAtEnd ? `${before}${more}` : `${more}${before}`;
  };
  Reflect.set(draft, key, grown(draft[key]));
  setOwn<unknown>(model, key, grown(present));
  return `${key} grows by ${more.length} units`;
}

function actOnList({ draft, model }: Twin<unknown[]>, content: Content): string {
  const given = content.value(1);
  const done = actOnItems({ draft, model }, content, given);
  spoil(given);
  return done;
}

function actOnItems({ draft, model }: Twin<unknown[]>, content: Content, given: unknown): string {
  const { random } = content;
  const { length } = model;
  const at = random.below(length + 1);
  switch (random.below(16)) {
    case 0:
      draft.push(given, 1);
      model.push(copyOf(given), 1);
      return 'push two';
    case 1:
      same(draft.pop(), model.pop(), 'pop');
      return 'pop';
    case 2:
      same(draft.shift(), model.shift(), 'shift');
      return 'shift';
    case 3:
      draft.unshift(given);
      model.unshift(copyOf(given));
      return 'unshift';
    case 4: {
      const count = random.below(4);
      same(draft.splice(at, count, given, at), model.splice(at, count, copyOf(given), at), 'splice');
      return `splice at ${at}, ${count} for two`;
    }
    case 5: {
      const from = -1 - random.below(5);
      same(draft.splice(from, 2), model.splice(from, 2), 'splice');
      return `splice at ${from}, two`;
    }
    case 6:
      draft.reverse();
      model.reverse();
      return 'reverse';
    case 7:
      draft.sort(byBytes);
      model.sort(byBytes);
      return 'sort';
    case 8: {
      const to = Math.min(length, random.chance(0.5) ? random.below(length + 1) : content.listSize());
      draft.length = to;
      model.length = to;
      return `length = ${to}`;
    }
    case 9: {
      const from = random.below(length);
      if (length === 0 || countOf(model[from]) > COPIED_VALUES_MAX) return 'nothing';
      draft[at] = draft[from];
      model[at] = copyOf(model[from]);
      return `[${at}] = [${from}]`;
    }
    case 10: {
      const to = Math.min(length, at + 3);
      draft.fill(given, at, to);
      for (let place = at; place < to; place += 1) model[place] = copyOf(given);
      return `fill ${at} to ${to}`;
    }
    case 11: {
      const size = content.listSize();
      const more = Array.from({ length: Math.max(0, size - length) }, (_, index) => index % 50);
      draft.push(...more);
      model.push(...more);
      return `grows to ${size} items`;
    }
    case 12: {
      const to = random.below(length + 1);
      draft.copyWithin(to, at, at + 2);
      const moved = model.slice(at, at + 2).map(copyOf);
      for (const [index, member] of moved.entries()) if (to + index < length) model[to + index] = member;
      return `copyWithin ${to}, ${at}`;
    }
    default:
      draft[at] = given;
      model[at] = copyOf(given);
      return `[${at}] = something`;
  }
}

/** Every way of looking has to show what the model holds. */
function look({ draft, model }: Twin<Holder>, content: Content): string {
  switch (content.random.below(5)) {
    case 0:
      same(JSON.parse(JSON.stringify(draft)), JSON.parse(JSON.stringify(model)), 'JSON');
      return 'JSON.stringify';
    case 1:
      same(Array.isArray(draft) ? [...draft] : { ...draft }, model, 'spread');
      return 'spread';
    case 2:
      same(Object.keys(draft).toSorted(), Object.keys(model).toSorted(), 'keys');
      return 'keys';
    case 3: {
      const key = Array.isArray(model) ? String(content.random.below(model.length + 2)) : content.key();
      same(Object.hasOwn(draft, key), Object.hasOwn(model, key), `${key} is there`);
      if (Object.hasOwn(model, key)) same((draft as PlainMap)[key], (model as PlainMap)[key], `member ${key}`);
      return `has ${key}`;
    }
    default:
      if (isPlainMap(model)) same(Object.entries(draft).length, Object.entries(model).length, 'entries');
      else {
        const list = draft as unknown[];
        same(
          [list.length, list.at(-1), list.indexOf(1), list.includes('text')],
          [model.length, model.at(-1), model.indexOf(1), model.includes('text')],
          'list',
        );
        let at = 0;
        for (const item of list) {
          same(item, model[at], `item ${at}`);
          at += 1;
        }
        same(at, model.length, 'iteration');
      }
      return 'iteration';
  }
}

function same(shown: unknown, expected: unknown, what: string): void {
  if (!isSame(shown, expected)) throw new Error(`the draft shows another ${what} than the model`);
}
