/**
 * Other systems on this machine, in the same run: installed by npm from their own lock file into `chaos/bench/peers`, each measured by the
 * program of its name there, in a process of its own. What does not install or run says so in its row; nothing is taken from elsewhere.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Measured, withRivals } from './rivals.js';
import type { Row } from './row.js';
import type { Run } from './scene.js';
import { AGENTS } from './swarm.js';

/** The same path from `src` and `dist`. */
const FOLDER = fileURLToPath(new URL('../../bench/peers/', import.meta.url));
const STAMP = join(FOLDER, 'node_modules', '.skep-peers');

const INSTALL_MS_MAX = 15 * 60_000;
/** For starting and for warming up. */
const SPARE_MS = 120_000;
/** Rates that the longest program measures. */
const RATES_MAX = 3;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const run = promisify(execFile);

/** The rows with their rivals, and the rivals' own rows. */
export async function besidePeers(rows: readonly Row[], bench: Run, programs: readonly string[]): Promise<readonly Row[]> {
  const { plan, folder, say } = bench;
  try {
    await install(say);
  } catch (error) {
    return [...rows, ...programs.map((name) => unmeasured(name, `npm could not install it: ${reasonOf(error)}`))];
  }
  const measured: Measured[] = [];
  const missing: Row[] = [];
  for (const name of programs) {
    say(`peer: ${name}`);
    const { conditions } = bench;
    const task = { dir: folder(), agents: AGENTS, rounds: plan.rounds, roundMs: plan.roundMs, operations: plan.operations };
    try {
      const timeout = SPARE_MS + RATES_MAX * (plan.rounds + 1) * plan.roundMs;
      const options = { cwd: FOLDER, timeout, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX } as const;
      const { stdout } = await run(process.execPath, [join(FOLDER, `${name}.mjs`), JSON.stringify(task)], options);
      const found = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Measured[];
      measured.push(...found.map((each) => ({ ...each, note: `${each.note}; ${conditions}` })));
    } catch (error) {
      missing.push(unmeasured(name, `it did not run on Node ${process.versions.node}: ${reasonOf(error)}`));
    }
  }
  return [...withRivals({ rows, measured }), ...missing];
}

async function install(say: Run['say']): Promise<void> {
  const stamp = `${createHash('sha256')
    .update(readFileSync(join(FOLDER, 'package-lock.json')))
    .digest('hex')} ${process.versions.modules}`;
  if (textOf(STAMP) === stamp) return;
  say('installing the peers into chaos/bench/peers (a minute or two the first time)');
  // Not `ci`: it refuses a lock file that lacks an optional package of another platform. This, too, takes the locked versions.
  const args = ['install', '--no-save', '--prefix', FOLDER, '--no-audit', '--no-fund', '--legacy-peer-deps', '--prefer-offline', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [command, before] = npm !== undefined && /npm-cli\.c?js$/.test(npm) ? [process.execPath, [npm]] : ['npm', []];
  await run(command, [...before, ...args], {
    cwd: FOLDER,
    timeout: INSTALL_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
    env: { ...process.env, ...headers() },
  });
  writeFileSync(STAMP, stamp);
}

/** Node's own headers, where they came with it: better-sqlite3 then compiles without a download. */
function headers(): NodeJS.ProcessEnv {
  const home = dirname(dirname(process.execPath));
  const text = textOf(join(home, 'include', 'node', 'node_version.h')) ?? '';
  const version = ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1]).join('.');
  return process.env.npm_config_nodedir === undefined && version === process.versions.node ? { npm_config_nodedir: home } : {};
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function unmeasured(name: string, note: string): Row {
  return { id: `peer.${name}`, unit: '-', p50: 0, p95: 0, p99: 0, n: 0, note, peer: null, ratio: null };
}

function reasonOf(error: unknown): string {
  const failed = error as { readonly killed?: boolean; readonly stderr?: string; readonly message?: string };
  if (failed.killed === true) return 'it took too long and was ended';
  const lines = `${failed.stderr ?? ''}`.split('\n').filter((line) => /error|cannot|not /i.test(line));
  return (lines[0] ?? failed.message ?? String(error)).trim().slice(0, 300);
}
