import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MARKER = 'demo.json';

/** The demo marks its folder, so that later commands open it with the demo's kinds. */
export function isDemoFolder(dir: string): boolean {
  return existsSync(join(dir, MARKER));
}

export function markDemoFolder(dir: string): void {
  writeFileSync(join(dir, MARKER), `${JSON.stringify({ madeBy: 'skep demo' })}\n`);
}
