/** The process of a node as the benchmark holds it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromNode, NodeQuestion, NodeQuestions, NodeStart, ToNode } from './node-message.js';

const PROGRAM = fileURLToPath(new URL('./node-program.js', import.meta.url));
/** A node that has not answered by then never will. */
const ANSWER_MS_MAX = 120_000;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class NodeProcess {
  private readonly waiting = new Map<number, Waiting>();
  private number = 0;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    child.on('message', (message: FromNode) => {
      const found = this.waiting.get(message.number);
      this.waiting.delete(message.number);
      if ('failed' in message) found?.reject(new Error(`node ${name}: ${message.failed}`));
      else found?.resolve(message.answer);
    });
    child.once('exit', (code, signal) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`node ${name} ended (${signal ?? `exit code ${code}`})`));
      this.waiting.clear();
    });
  }

  /** Resolves when it serves. */
  static async start(task: NodeStart): Promise<NodeProcess & { readonly lane: string; readonly level: string }> {
    const child = fork(PROGRAM, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    const node = new NodeProcess(task.name, child);
    try {
      return Object.assign(node, await node.ask('start', task));
    } catch (error) {
      await node.kill();
      throw error;
    }
  }

  /** Rejects when the node fails, ends, or does not answer. */
  ask<Question extends NodeQuestion>(question: Question, task: NodeQuestions[Question]['task']): Promise<NodeQuestions[Question]['answer']> {
    this.number += 1;
    const { number } = this;
    return new Promise<NodeQuestions[Question]['answer']>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.waiting.delete(number);
        reject(new Error(`node ${this.name} did not answer ${question}`));
      }, ANSWER_MS_MAX);
      this.waiting.set(number, {
        resolve: (answer) => {
          clearTimeout(limit);
          resolve(answer as NodeQuestions[Question]['answer']);
        },
        reject: (error) => {
          clearTimeout(limit);
          reject(error);
        },
      });
      const message: ToNode = { number, question, task };
      this.child.send(message, (error) => {
        if (error !== null) this.waiting.get(number)?.reject(error);
      });
    });
  }

  /** At once and without goodbye. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
