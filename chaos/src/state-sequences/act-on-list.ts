/** What is done to lists of a draft. */
import { encode } from '@skep/kernel';
import type { Content } from './content.js';
import { copyOf, countOf, spoil } from './plain.js';
import { COPIED_VALUES_MAX, mustShow, type Twin } from './twin.js';

const byBytes = (one: unknown, other: unknown): number => Buffer.compare(encode(one), encode(other));

export function actOnList({ draft, model }: Twin<unknown[]>, content: Content): string {
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
      mustShow(draft.pop(), model.pop(), 'pop');
      return 'pop';
    case 2:
      mustShow(draft.shift(), model.shift(), 'shift');
      return 'shift';
    case 3:
      draft.unshift(given);
      model.unshift(copyOf(given));
      return 'unshift';
    case 4: {
      const count = random.below(4);
      mustShow(draft.splice(at, count, given, at), model.splice(at, count, copyOf(given), at), 'splice');
      return `splice at ${at}, ${count} for two`;
    }
    case 5: {
      const from = -1 - random.below(5);
      mustShow(draft.splice(from, 2), model.splice(from, 2), 'splice');
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
