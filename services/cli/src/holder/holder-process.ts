/** The parent's side of a process that holds a folder: starts it, talks to it, kills it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ErrorShape, fromErrorShape, SkepError } from '@skep/kernel';
import { type Client, connectSkep } from '@skep/sdk';

/** The same from `src` and `dist`: a child always runs what was built. */
const PROGRAM = fileURLToPath(new URL('../../dist/holder/main.js', import.meta.url));
/** A holder that was asked to end gets this long before it is killed. */
const GRACE_MS = 5_000;

export class HolderProcess {
  readonly pid: number;
  readonly #gone: Promise<void>;

  /** Resolves when the folder is held and served. @param config of the project, where its address keys are needed @throws SkepError */
  static async start(dir: string, config?: string): Promise<HolderProcess> {
    const child = spawn(process.execPath, [PROGRAM, dir, ...(config === undefined ? [] : [config])], {
      stdio: ['pipe', 'pipe', 'inherit'],
      windowsHide: true,
    });
    // Not `exit`: what it said may be read after that.
    const gone = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
    // A dead child's pipe must not take the parent with it.
    child.stdin?.on('error', () => undefined);
    try {
      await firstLine(child, gone);
      const client = await connectSkep(dir);
      if (client === undefined) throw new SkepError('unavailable', { message: `process ${child.pid} ended before it could be reached`, id: dir });
      return new HolderProcess(child, client, gone);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  private constructor(
    private readonly child: ChildProcess,
    readonly client: Client,
    gone: Promise<void>,
  ) {
    this.pid = child.pid ?? 0;
    this.#gone = gone;
  }

  /** Ends it as a power cut would; what it had not written is lost. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#gone;
  }

  /** Lets it finish what is under way. */
  async stop(): Promise<void> {
    await this.client.close();
    this.child.stdin?.end();
    const grace = setTimeout(() => this.child.kill('SIGKILL'), GRACE_MS);
    await this.#gone;
    clearTimeout(grace);
  }
}

async function firstLine(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.stdout === null) throw new SkepError('internal', { message: 'a child was started without its stdout' });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([new Promise<string>((resolve) => lines.once('line', resolve)), gone.then(() => '')]);
  lines.close();
  child.stdout.resume();
  const said: unknown = line === '' ? {} : JSON.parse(line);
  if (typeof said !== 'object' || said === null || 'ready' in said) return;
  if ('error' in said) throw fromErrorShape(said as ErrorShape);
  throw new SkepError('unavailable', { message: 'the process that should hold the folder ended at once' });
}
