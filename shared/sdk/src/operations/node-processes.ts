/** The nodes of a cluster, each in a process of its own, over NATS servers that run. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SkepError } from '@skep/kernel';
import type { Cluster } from '@skep/nats/servers';
import { type NodeConfiguration, UNIVERSE_DEFAULT } from './node-configuration.js';
import { NodeProcess } from './node-process.js';

export type NodeProcessesOptions = Omit<Partial<NodeConfiguration>, 'name'> & {
  /** How many are started; they are named n1, n2 and so on. 3 by default. */
  readonly nodes?: number;
  /** Made when missing, kept by `close`. Left out: a temporary folder that `close` removes. */
  readonly dir?: string;
  /** They outlive this process. Needs `dir`. */
  readonly detached?: boolean;
};

export interface NodeProcesses {
  readonly dir: string;
  readonly nodes: readonly NodeProcess[];
  /** @throws SkepError `invalid-input` for a name that none has */
  node(name: string): NodeProcess;
  /** One more, ready. Without a name it gets the first number that is free. */
  add(name?: string): Promise<NodeProcess>;
  /** What `attachNodes` will find is brought up to date; a node that was started again has another process id. */
  save(): void;
  /** Lets all of them end what they began; removes a temporary folder. */
  close(): Promise<void>;
  /** Ends all of them at once and without goodbye; removes a temporary folder. */
  kill(): Promise<void>;
}

const FORMAT = 1;

interface Left {
  readonly format: number;
  readonly nodes: readonly { readonly name: string; readonly pid?: number; readonly configuration: NodeConfiguration }[];
}

/** Resolves when all of them serve; when one does not, none is left. @throws SkepError what the first one failed for */
export async function startNodes(cluster: Cluster, options: NodeProcessesOptions = {}): Promise<NodeProcesses> {
  const { nodes: count = 3, dir, detached = false, ...rest } = options;
  const { credentials } = cluster;
  const template = {
    universe: UNIVERSE_DEFAULT,
    servers: cluster.urls,
    kinds: [],
    ...(credentials === undefined ? {} : { credentials: credentials.dir }),
    ...rest,
  };
  if (detached && dir === undefined) {
    throw new SkepError('invalid-input', { message: 'nodes that outlive their starter need a folder', remedy: 'Give `dir`.' });
  }
  const folder = resolve(dir ?? mkdtempSync(join(tmpdir(), 'skep-nodes-')));
  const group = new Group({ dir: folder, temporary: dir === undefined, detached, template });
  try {
    await group.addAll(count);
    return group;
  } catch (error) {
    await group.kill();
    throw error;
  }
}

/** The nodes of a folder, running or not; undefined when none were left there. @throws SkepError `corrupt` */
export function attachNodes(dir: string): NodeProcesses | undefined {
  const folder = resolve(dir);
  const left = readLeft(folder);
  const [first] = left?.nodes ?? [];
  if (left === undefined || first === undefined) return undefined;
  const { name: _, ...template } = first.configuration;
  const group = new Group({ dir: folder, temporary: false, detached: true, template });
  for (const { configuration, pid } of left.nodes) group.adopt(configuration, pid);
  return group;
}

interface GroupOptions {
  readonly dir: string;
  readonly temporary: boolean;
  readonly detached: boolean;
  readonly template: Omit<NodeConfiguration, 'name'>;
}

class Group implements NodeProcesses {
  readonly nodes: NodeProcess[] = [];

  constructor(private readonly options: GroupOptions) {}

  get dir(): string {
    return this.options.dir;
  }

  node(name: string): NodeProcess {
    const found = this.nodes.find((node) => node.name === name);
    if (found !== undefined) return found;
    const names = this.nodes.map((node) => node.name).join(', ');
    throw new SkepError('invalid-input', { message: `there is no node ${name}`, id: name, remedy: `There are: ${names || 'none'}.` });
  }

  async addAll(count: number): Promise<void> {
    const made = Array.from({ length: count }, () => this.#make(this.#freeName()));
    const started = await Promise.allSettled(made.map((node) => node.start()));
    this.save();
    for (const each of started) if (each.status === 'rejected') throw each.reason;
  }

  async add(name = this.#freeName()): Promise<NodeProcess> {
    const there = this.nodes.find((node) => node.name === name);
    if (there !== undefined && there.state !== 'ended') {
      throw new SkepError('invalid-input', { message: `node ${name} runs already`, id: name, remedy: 'Choose another name.' });
    }
    const node = there ?? this.#make(name);
    try {
      await node.start();
    } catch (error) {
      if (there === undefined) this.nodes.splice(this.nodes.indexOf(node), 1);
      throw error;
    } finally {
      this.save();
    }
    return node;
  }

  adopt(configuration: NodeConfiguration, pid: number | undefined): void {
    const node = this.#make(configuration.name, configuration);
    if (pid !== undefined) node.adopt(pid);
  }

  save(): void {
    if (this.options.temporary) return;
    const nodes = this.nodes.map(({ name, pid, configuration }) => ({ name, configuration, ...(pid === undefined ? {} : { pid }) }));
    const file = fileIn(this.dir);
    const fresh = `${file}.${process.pid}.new`;
    writeFileSync(fresh, `${JSON.stringify({ format: FORMAT, nodes } satisfies Left, null, 2)}\n`, { mode: 0o600 });
    renameSync(fresh, file);
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    this.#end();
  }

  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    this.#end();
  }

  #end(): void {
    if (this.options.temporary) rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
    else this.save();
  }

  #make(name: string, configuration: NodeConfiguration = { ...this.options.template, name }): NodeProcess {
    const node = new NodeProcess({ dir: join(this.dir, name), configuration, detached: this.options.detached });
    this.nodes.push(node);
    return node;
  }

  #freeName(): string {
    for (let number = 1; ; number += 1) if (!this.nodes.some(({ name }) => name === `n${number}`)) return `n${number}`;
  }
}

const fileIn = (dir: string): string => join(dir, 'nodes.json');

function readLeft(dir: string): Left | undefined {
  const file = fileIn(dir);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const left: Left = JSON.parse(text);
    if (left.format > FORMAT) throw new SkepError('unsupported-format', { message: 'the list of nodes was written by a newer Skep', id: file });
    if (left.format === FORMAT && Array.isArray(left.nodes)) return left;
  } catch (error) {
    if (error instanceof SkepError) throw error;
  }
  throw new SkepError('corrupt', { message: 'the list of nodes cannot be read', id: file, remedy: 'End the nodes and remove the file.' });
}
