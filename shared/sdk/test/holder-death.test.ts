/** A holder that dies while others work through it. Runs on the build. */
import { describe, expect, it } from 'vitest';
import { agentId, openSkep, operationId } from '../src/index.js';
import { freshFolders } from './folders.js';
import { endPrograms, run } from './program.js';
import { refusal } from './refusal.js';

const { freshDir, connect } = freshFolders();
endPrograms();
const slow = agentId({ tenant: 'default', kind: 'slow', name: 'a' });

describe('G4: a holder that dies', () => {
  it('leaves calls under way outcome-unknown, and refuses later ones as unavailable', async () => {
    const dir = freshDir();
    const holder = run('holder.mjs', [dir]);
    await holder.line('holds');
    const client = await connect(dir);
    expect((await client.call(slow, 'add', 2)).value).toBe(2);
    const never = refusal(client.call(slow, 'never'), 'outcome-unknown');
    await holder.kill();
    const error = await never;
    expect(error.retry).toBe('same-operation');
    expect(error.message).toContain('before the answer came');
    await refusal(client.call(slow, 'add', 1), 'unavailable');
  });

  it('lets the same operation be asked again of the next holder, and takes effect once', async () => {
    const dir = freshDir();
    const first = run('holder.mjs', [dir]);
    await first.line('holds');
    const client = await connect(dir);
    const operation = operationId(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
    await client.call(slow, 'add', 5, { operation });
    await first.kill();
    const second = run('holder.mjs', [dir]);
    await second.line('holds');
    const again = await connect(dir);
    expect((await again.call(slow, 'add', 5, { operation })).value).toBe(5);
    expect((await again.get(slow)).value).toEqual({ done: 5 });
  });

  it('G13: a second holder is refused with folder-held, which names the first', async () => {
    const dir = freshDir();
    const holder = run('holder.mjs', [dir]);
    const { holds } = await holder.line('holds');
    const error = await refusal(openSkep({ dir }), 'folder-held');
    expect(error.message).toContain(`process ${String(holds)}`);
    expect(error.remedy).toContain(String(holds));
    expect(error.id).toBe(dir);
    const client = await connect(dir);
    expect((await client.call(slow, 'add', 1)).value).toBe(1);
  });
});
