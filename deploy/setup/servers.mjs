/**
 * The servers of a cluster, into .tools/bin: nats-server, the same with short elections (deploy/nats), and toxiproxy for
 * tests of partitions. All three come from Go's module cache or proxy; the versions stand here.
 *
 * - S1 Nothing here fails the set-up: what is missing is written to .tools/servers.json with its reason and remedy, and
 *   whoever needs it (`@skep/nats/servers`, the test report, `skep up`) says so.
 * - S2 A server counts as there when servers.json names its version and its file exists; the line is written after the file.
 * - S3 Without Go a nats-server on PATH will do. What failed is tried again, but not at every start.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runChild } from './child.mjs';
import { inRoot, TOOLS_FOLDER } from './places.mjs';
import { step } from './step.mjs';
import { ask } from './tools.mjs';

/** An attempt that failed, for want of a network say, is not repeated for this long. */
const RETRY_MS = 10 * 60_000;

/** Older ones cannot fetch the toolchain that the sources ask for. */
const GO_OLDEST = { major: 1, minor: 21 };

const GO_REMEDY =
  'install Go 1.26 (apt-get install golang-go; brew install go; winget install GoLang.Go), ' +
  'or put nats-server 2.12.7 or newer on PATH (brew install nats-server; docker create --name n nats:2.15 && docker cp n:/nats-server .tools/bin/ && docker rm n)';

const SUFFIX = process.platform === 'win32' ? '.exe' : '';

/**
 * @typedef {object} Wanted
 * @property {string} name of the file in .tools/bin
 * @property {string} version changes whenever the file must be made again
 * @property {(folder: string) => { args: string[], cwd?: string, env: NodeJS.ProcessEnv, made: string }} build
 */

/**
 * @typedef {object} Known what servers.json holds
 * @property {Record<string, string>} have versions by file name
 * @property {{ name: string, because: string, remedy: string }[]} missing
 * @property {number} triedAtMs when the last attempt ended
 * @property {boolean} withGo whether Go was there then
 */

/** @returns {readonly Wanted[]} */
export function wantedServers() {
  return [
    { name: 'nats-server', version: '2.15.2', build: install('github.com/nats-io/nats-server/v2@v2.15.2', 'nats-server') },
    {
      name: 'nats-server-fast',
      version: `2.15.2 ${hashOf(inRoot('deploy', 'nats'))}`,
      build: (folder) => ({
        args: ['build', '-trimpath', '-o', join(folder, `fast${SUFFIX}`), '.'],
        cwd: inRoot('deploy', 'nats'),
        env: { GOWORK: 'off' },
        made: `fast${SUFFIX}`,
      }),
    },
    { name: 'toxiproxy-server', version: '2.12.0', build: install('github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0', 'server') },
  ];
}

/**
 * @param {string} source a package with its version
 * @param {string} program the name that `go install` gives it
 * @returns {Wanted['build']}
 */
const install = (source, program) => (folder) => ({
  args: ['install', '-trimpath', source],
  // A user's GOOS or GOARCH would make `go install` refuse GOBIN; these are for this machine.
  env: { GOBIN: folder, GOOS: '', GOARCH: '' },
  made: `${program}${SUFFIX}`,
});

/**
 * Whether there is nothing to do. Cheap enough for every start: it starts no process.
 * @param {string} [tools]
 */
export function serversMatch(tools = TOOLS_FOLDER) {
  const known = readKnown(tools);
  const wanted = wantedServers();
  if (wanted.every((each) => isThere({ tools, known, wanted: each }))) {
    return true;
  }
  const waiting = known !== undefined && known.missing.length > 0 && known.withGo === onPath('go');
  return waiting && (!known.withGo || Date.now() - known.triedAtMs < RETRY_MS);
}

/**
 * Makes what is missing; the caller holds the lock. Never rejects for want of anything (S1), only when interrupted.
 * @param {{ tools?: string, go?: string }} [where]
 * @returns {Promise<string[]>} what is missing, a line each
 */
export async function fetchServers({ tools = TOOLS_FOLDER, go = 'go' } = {}) {
  if (tools === TOOLS_FOLDER && serversMatch()) {
    return [];
  }
  mkdirSync(join(tools, 'bin'), { recursive: true });
  const known = readKnown(tools);
  const todo = wantedServers().filter((wanted) => !isThere({ tools, known, wanted }));
  /** @type {Known} */
  const next = { have: { ...known?.have }, missing: [], triedAtMs: 0, withGo: onPath(go) };
  const problem = goProblem(go);
  for (const wanted of todo) {
    const because = problem ?? (await make({ wanted, tools, go }));
    if (because === undefined) {
      next.have[wanted.name] = wanted.version;
    } else {
      delete next.have[wanted.name];
      next.missing.push({
        name: wanted.name,
        because,
        remedy: problem === undefined ? 'the reason stands in .tools/servers.json; npm start tries again' : GO_REMEDY,
      });
    }
  }
  next.triedAtMs = Date.now();
  writeFileSync(join(tools, 'servers.json'), `${JSON.stringify(next, null, 2)}\n`);
  return describe(next.missing);
}

/**
 * One line for each reason.
 * @param {Known['missing']} missing
 */
function describe(missing) {
  const reasons = [...new Set(missing.map(({ because }) => because))];
  return reasons.map((because) => {
    const these = missing.filter((each) => each.because === because);
    const line = because.split('\n').at(-1) ?? because;
    return `${these.map(({ name }) => name).join(', ')}: not here, ${line}. Remedy: ${these[0]?.remedy}.`;
  });
}

/**
 * @param {{ wanted: Wanted, tools: string, go: string }} work
 * @returns {Promise<string | undefined>} why it could not be made
 */
async function make({ wanted, tools, go }) {
  const folder = mkdtempSync(join(tools, 'making-'));
  try {
    const { args, cwd, env, made } = wanted.build(folder);
    const result = await step(`building ${wanted.name} ${wanted.version.split(' ')[0]}`, () =>
      runChild(go, args, { cwd: cwd ?? folder, env: { ...process.env, ...env }, output: 'collect' }),
    );
    if (result.code !== 0) {
      return `go ${args[0]} failed with exit code ${result.code}\n${result.text.trim().slice(-2_000)}`;
    }
    renameSync(join(folder, made), join(tools, 'bin', `${wanted.name}${SUFFIX}`));
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} go
 * @returns {string | undefined}
 */
function goProblem(go) {
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(ask(go, ['version']) ?? '') ?? [];
  if (major === '0') {
    return 'Go is missing';
  }
  const isEnough = Number(major) > GO_OLDEST.major || Number(minor) >= GO_OLDEST.minor;
  return isEnough ? undefined : `Go ${major}.${minor} is too old`;
}

/** @param {{ tools: string, known: Known | undefined, wanted: Wanted }} question */
function isThere({ tools, known, wanted }) {
  return known?.have[wanted.name] === wanted.version && existsSync(join(tools, 'bin', `${wanted.name}${SUFFIX}`));
}

/**
 * @param {string} tools
 * @returns {Known | undefined}
 */
function readKnown(tools) {
  try {
    const known = JSON.parse(readFileSync(join(tools, 'servers.json'), 'utf8'));
    return typeof known.have === 'object' && Array.isArray(known.missing) ? known : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} program */
function onPath(program) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.some((folder) => statSync(join(folder, `${program}${SUFFIX}`), { throwIfNoEntry: false })?.isFile() === true);
}

/** @param {string} folder */
function hashOf(folder) {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) {
    hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 12);
}
