/**
 * Targets of the proxies of drafts. They hold nothing; the traps answer for them. Node's `console.log` looks at the target of a proxy and
 * not at the proxy, so the targets tell it what to print.
 */

import { partOf } from './part.js';
import { plainOf } from './plain.js';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

export class MapTarget {
  [INSPECT](): unknown {
    return inspected(this);
  }
}

export class ListTarget extends Array<never> {
  [INSPECT](): unknown {
    return inspected(this);
  }
}

/** @param shown the proxy */
function inspected(shown: object): unknown {
  try {
    const part = partOf(shown);
    return part === undefined ? '[part of a draft]' : plainOf(part.current(), 0);
  } catch {
    return '[part of a draft that has ended]';
  }
}
