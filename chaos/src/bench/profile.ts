/** A CPU profile of the main thread while a scene runs, as Chrome's own format and as a flame graph in one HTML file. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { flameGraphOf } from './flame-graph.js';
import { type CpuProfile, hottestOf } from './samples.js';
import { RESULTS } from './scratch.js';

/** Fine enough for turns of some ten microseconds, coarse enough not to slow them much. */
const SAMPLE_EVERY_US = 200;
const HOTTEST = 25;

/** Runs the work under the profiler; says where the files are and which functions took the time themselves. */
export async function profiled<Result>(
  { id, say }: { readonly id: string; readonly say: (text: string) => void },
  work: () => Promise<Result>,
): Promise<Result> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
    await session.post('Profiler.start');
    const result = await work();
    const { profile } = (await session.post('Profiler.stop')) as { readonly profile: CpuProfile };
    const file = join(RESULTS, id);
    writeFileSync(`${file}.cpuprofile`, JSON.stringify(profile));
    writeFileSync(`${file}.html`, flameGraphOf(profile, `${id}, main thread`));
    say(`${id}: self time of the main thread (idle left out)`);
    for (const { name, share } of hottestOf(profile, HOTTEST)) say(`  ${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
    say(`${id}: ${file}.cpuprofile`);
    say(`${id}: ${file}.html (opens in a browser)`);
    return result;
  } finally {
    session.disconnect();
  }
}
