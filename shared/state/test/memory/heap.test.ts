/** Bytes of memory as they are counted, beside what the heap says. */
import { execFileSync } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const CHILD = fileURLToPath(new URL('./heap-child.mjs', import.meta.url));

interface Task {
  readonly kind: 'S' | 'L' | 'X';
  readonly agents: number;
  readonly versions: number;
  readonly sealed: boolean;
  /** Read from packs, as agents that come back are. */
  readonly unpacked: boolean;
}

/** What V8 compiles and collects in threads of its own lies in the heap sooner or later, now more and now less: some per cent of what is measured. */
const FLAGS = ['--expose-gc', '--single-threaded'];

function measure(task: Task): { readonly counted: number; readonly measured: number; readonly left: number } {
  return JSON.parse(execFileSync(execPath, [...FLAGS, CHILD, JSON.stringify(task)], { encoding: 'utf8' }));
}

describe('V10: bytes of versions are counted within 10 % of what the heap says', () => {
  const tasks: readonly Task[] = [
    { kind: 'S', agents: 300, versions: 40, sealed: false, unpacked: false },
    { kind: 'S', agents: 300, versions: 40, sealed: true, unpacked: false },
    { kind: 'L', agents: 30, versions: 40, sealed: true, unpacked: false },
    { kind: 'X', agents: 6, versions: 40, sealed: false, unpacked: false },
    { kind: 'S', agents: 300, versions: 20, sealed: true, unpacked: true },
    { kind: 'L', agents: 30, versions: 20, sealed: true, unpacked: true },
  ];
  test.each(tasks)('V10: $agents agents of $kind with $versions versions each, sealed: $sealed, unpacked: $unpacked', (task) => {
    const { counted, measured, left } = measure(task);
    expect(counted / measured).toBeGreaterThan(0.9);
    expect(counted / measured).toBeLessThan(1.1);
    expect(left).toBe(0);
  });
});
