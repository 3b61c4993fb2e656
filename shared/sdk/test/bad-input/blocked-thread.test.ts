import { describe, expect, it } from 'vitest';
import { freshFolders } from '../folders.js';
import { endPrograms, run } from '../program.js';

const { freshDir } = freshFolders();
endPrograms();

describe('G13 U6: a handler that blocks the thread', () => {
  it('is named with its agent on standard error while it does, and its turn counts', async () => {
    const program = run('blocked.mjs', [freshDir()]);
    expect(await program.line('thoughts')).toEqual({ thoughts: 1 });
    await program.ended;
    const lines = program.stderr().split('\n').filter(Boolean);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^skep: default\/thinker\/stubborn=20one ponder has held the thread for \d+ ms/);
  });
});
