import pico from 'picocolors';
import type { OutStream, Shell } from '../frame/shell.js';

export type Colours = ReturnType<typeof pico.createColors>;

/** Colours only on a terminal that understands them and whose user wants them (no-color.org). */
export function coloursFor(stream: OutStream, env: Shell['env']): Colours {
  const wanted = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return pico.createColors(stream.isTTY === true && wanted);
}
