/** Programs of `programs/`, run on the build in a process of their own. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

export type Line = Readonly<Record<string, unknown>>;

export interface Program {
  readonly child: ChildProcess;
  /** Resolves with the first line of its standard output, printed already or later, that has this field. */
  line(field: string): Promise<Line>;
  readonly stderr: () => string;
  /** Resolves when it has ended, and all its output was read. */
  readonly ended: Promise<void>;
  /** kill -9, and waits for the end. */
  kill(): Promise<void>;
}

const running = new Set<Program>();

/** To be called once in a file: no program outlives its test. */
export function endPrograms(): void {
  afterEach(async () => {
    for (const program of running) await program.kill();
  });
}

export function run(name: string, args: readonly string[], options: SpawnOptions = {}): Program {
  const file = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      lines.push(JSON.parse(text));
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => setImmediate(resolve)));
  const program: Program = {
    child,
    ended,
    stderr: () => stderr,
    line: (field) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => field in line);
          if (found !== undefined) resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`${name} ended without "${field}": ${JSON.stringify(lines.slice(-3))} ${stderr}`)));
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
  running.add(program);
  void ended.then(() => running.delete(program));
  return program;
}
