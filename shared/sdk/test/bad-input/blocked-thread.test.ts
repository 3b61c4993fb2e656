import { describe, expect, it } from 'vitest';
import { freshFolders } from '../folders.js';
import { endPrograms, run } from '../program.js';

const { freshDir } = freshFolders();
endPrograms();

/** As the program has it. */
const LIMIT_MS = 150;
const TRIES_MAX = 10;

/** A run in which nothing but the handler held the thread for long: a busy machine may hold up any turn, which is reported rightly. */
async function undisturbed() {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const program = run('blocked.mjs', [freshDir()]);
    const { thoughts, otherwiseMs } = await program.line('thoughts');
    await program.ended;
    if (Number(otherwiseMs) < LIMIT_MS) return { thoughts, stderr: program.stderr() };
  }
  throw new Error('the machine held up every run');
}

describe('G13 U6: a handler that blocks the thread', () => {
  it('is named with its agent on standard error while it does, and its turn counts', async () => {
    const { thoughts, stderr } = await undisturbed();
    expect(thoughts).toBe(1);
    const lines = stderr.split('\n').filter(Boolean);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^skep: default\/thinker\/stubborn=20one ponder has held the thread for \d+ ms/);
  });
});
