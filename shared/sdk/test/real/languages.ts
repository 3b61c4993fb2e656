/**
 * What the examples in other languages run with: made once, kept in .cache of the repository, which git ignores. Only what is missing is
 * fetched. What cannot be had is told with its remedy, also in the summary of `npm test`.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Finished {
  readonly ok: boolean;
  readonly output: string;
  /** What it complained of, or why it did not run at all. */
  readonly complaint: string;
}

export type Prepared = { readonly kind: 'ready'; readonly program: string } | { readonly kind: 'missing'; readonly why: string };

const CACHE = fileURLToPath(new URL('../../../../.cache/clients/', import.meta.url));
const RUN_MS_MAX = 20_000;
/** A cold cache fetches, then builds; each must end nevertheless. */
const PREPARE_STEP_MS_MAX = 120_000;
/** Both, and a run of what was made. */
export const MAKE_AND_RUN_MS_MAX = 2 * PREPARE_STEP_MS_MAX + RUN_MS_MAX;
const SUFFIX = process.platform === 'win32' ? '.exe' : '';

interface RunOptions {
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly env?: { readonly [name: string]: string };
}

export function run(program: string, parameters: readonly string[], { cwd, timeoutMs = RUN_MS_MAX, env = {} }: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL' as const, env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) };
    execFile(program, [...parameters], options, (error, output, complaint) => {
      resolve({ ok: error === null, output, complaint: complaint === '' ? (error?.message ?? '') : complaint });
    });
  });
}

/** A Python with the packages of a folder's requirements.txt. */
export async function python(folder: string): Promise<Prepared> {
  const environment = join(CACHE, `python-${hashOf(folder)}`);
  const program = process.platform === 'win32' ? join(environment, 'Scripts', 'python.exe') : join(environment, 'bin', 'python');
  const mark = join(environment, 'ready');
  if (existsSync(mark)) return { kind: 'ready', program };
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  const made = await run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', environment], { timeoutMs: PREPARE_STEP_MS_MAX });
  if (!made.ok) return missing('Python makes no environment', made, 'apt-get install python3-venv; brew install python');
  const fetched = await run(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(folder, 'requirements.txt')], {
    timeoutMs: PREPARE_STEP_MS_MAX,
  });
  if (!fetched.ok) return missing('nats-py is not to be had', fetched, 'start again where pip reaches its packages');
  writeFileSync(mark, '');
  return { kind: 'ready', program };
}

/** The program of a folder's Go module. @throws Error when its modules are here but it cannot be built */
export async function go(folder: string): Promise<Prepared> {
  const program = join(CACHE, `go-${hashOf(folder)}${SUFFIX}`);
  if (existsSync(program)) return { kind: 'ready', program };
  mkdirSync(CACHE, { recursive: true });
  const options = { cwd: folder, timeoutMs: PREPARE_STEP_MS_MAX, env: { GOWORK: 'off' } };
  const fetched = await run('go', ['mod', 'download'], options);
  if (!fetched.ok)
    return missing('Go or its modules are not to be had', fetched, 'install Go 1.26, and start again where its module proxy is reached');
  // With -trimpath, as the servers are built: what was compiled for them is not compiled again.
  const built = await run('go', ['build', '-trimpath', '-o', program, '.'], options);
  if (!built.ok) throw new Error(`the example in Go cannot be built: ${built.complaint}`);
  return { kind: 'ready', program };
}

function missing(what: string, { complaint }: Finished, remedy: string): Prepared {
  const why = `${what} (${complaint.trim().split('\n').at(-1)?.slice(0, 200)})`;
  const report = process.env.SKEP_TEST_REPORT;
  if (report !== undefined) appendFileSync(report, `${JSON.stringify({ skipped: why, remedy })}\n`);
  return { kind: 'missing', why };
}

/** Of everything that lies in the folder: what was made of other files is made anew. */
function hashOf(folder: string): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}
