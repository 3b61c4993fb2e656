/** Rivet: actors in this process over its file-system driver, which writes the whole state to a new file, renames it, and does not fsync. */
import { join } from 'node:path';
import { finish, initialState, latencies, load, rates, task } from './peer.mjs';

const { actor, createFileSystemDriver, createMemoryDriver, setup } = await load('rivetkit');

const CALLERS = 64;

const worker = actor({
  createState: (_context, input) => initialState(input),
  options: { stateSaveInterval: 10_000 },
  actions: {
    step(context, by) {
      context.state.step += by;
      return context.state.step;
    },
    async stepAndSave(context, by) {
      context.state.step += by;
      await context.saveState({ immediate: true });
      return context.state.step;
    },
    look: (context) => context.state.step,
  },
});

async function open(driver) {
  const registry = setup({ use: { worker } });
  const { client } = registry.start({
    driver,
    disableDefaultServer: true,
    noWelcome: true,
    inspector: { enabled: false },
    logging: { level: 'error' },
  });
  const handles = [];
  for (let index = 0; index < task.agents; index += 1) {
    const handle = client.worker.getOrCreate([String(index)], { createWithInput: String(index) });
    await handle.look();
    handles.push(handle);
  }
  return handles;
}

const disk = await open(createFileSystemDriver({ path: join(task.dir, 'rivet') }));
const memory = await open(createMemoryDriver());
const note = 'rivetkit 2.0.33, client in the same process';
const unsynced = { level: 'unsynced', name: 'Rivet, file-system driver, save in each action', note: `${note}; no fsync` };
const inMemory = { level: 'memory', name: 'Rivet, memory driver', note };

const callers = { callers: CALLERS, over: task.agents };
const asked = (await latencies(() => disk[0].look())).map((ms) => ms * 1000);
finish([
  { id: 'peer.rivet.memory', unit: 'turns/s', ...inMemory, samples: await rates({ ...callers, turn: (index) => memory[index].step(1) }) },
  { id: 'peer.rivet.save', unit: 'turns/s', ...unsynced, samples: await rates({ ...callers, turn: (index) => disk[index].stepAndSave(1) }) },
  { id: 'peer.rivet.save.sequential', unit: 'ms', ...unsynced, samples: await latencies(() => disk[0].stepAndSave(1)) },
  { id: 'peer.rivet.ask', unit: 'µs', level: 'none', name: 'Rivet, an action that only reads', note, samples: asked },
]);
