import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Line = Readonly<Record<string, unknown>>;

/** A program of this folder, running. */
export interface Running {
  readonly child: ChildProcess;
  readonly lines: readonly Line[];
  /** Resolves with the first line, printed already or later, that has this field. */
  line(field: string): Promise<Line>;
  /** kill -9, and waits for the end. */
  kill(): Promise<void>;
}

export function run(program: string, args: readonly string[], options: SpawnOptions = {}): Running {
  const file = new URL(program, import.meta.url).pathname;
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      lines.push(JSON.parse(text));
      for (const look of waiting) look();
    });
  }
  return {
    child,
    lines,
    line: (field) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => field in line);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then(() => setImmediate(() => reject(new Error(`${program} ended without "${field}": ${JSON.stringify(lines.slice(-3))}`))));
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
