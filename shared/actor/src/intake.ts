/** What an agent does with its next message: a turn, a command, an answer, a refusal. Decided by `admit`, performed here. */
import { type SkepError, toSkepError } from '@skep/kernel';
import type { Activation } from './activation.js';
import { ActorState } from './actor-state.js';
import { type Admission, admit } from './admission.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { Keeper } from './keeper.js';
import type { Caller, Command, Message } from './message.js';
import type { Messenger } from './messenger.js';
import type { Recorder } from './recorder.js';
import type { Roster } from './roster.js';
import type { TurnRunner } from './turn-runner.js';

interface IntakeParts {
  readonly roster: Roster;
  readonly recorder: Recorder;
  readonly runner: TurnRunner;
  readonly messenger: Messenger;
  readonly keeper: Keeper;
  readonly statusChanged: (activation: Activation) => void;
}

export class Intake {
  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly parts: IntakeParts,
  ) {}

  step(activation: Activation): void {
    const nowMs = this.options.clock.nowMs();
    activation.lastUsedMs = nowMs;
    if (activation.stage !== 'ready' || activation.turn !== undefined || activation.paused) return;
    const { mailbox, starved } = activation;
    const message = mailbox.shift();
    if (message === undefined) return;
    if (starved.size > 0 && mailbox.size * 2 <= mailbox.limit) this.parts.messenger.room(activation);
    try {
      this.renew(activation);
      this.take(activation, message, admit(activation, message, nowMs));
    } catch (thrown) {
      const error = toSkepError(thrown);
      if ('caller' in message) message.caller.reject(error);
      this.parts.roster.crash(activation, error);
    }
  }

  /** The newest code. One that has no record yet begins as that code says; all others go on from what they are. */
  private renew(activation: Activation): void {
    const kind = this.options.kinds.get(activation.kind.kind) ?? activation.kind;
    if (kind === activation.kind) return;
    activation.kind = kind;
    if (activation.position > 0) return;
    activation.state = new ActorState(activation.agent, this.parts.roster.initialTree(kind, activation.address));
    this.parts.roster.hold(activation);
  }

  private take(activation: Activation, message: Message, admission: Admission): void {
    if (message.kind === 'timer') activation.timersQueued.delete(message.name);
    if (message.kind === 'mark') activation.marks -= 1;
    switch (admission.kind) {
      case 'run':
        return this.parts.runner.start(activation, admission.message);
      case 'command':
        return this.command(activation, admission.command);
      case 'reached':
        return admission.mark.caller.resolve();
      case 'answer': {
        const { caller, value, version } = admission;
        const { level } = this.options;
        return this.gate.hold(activation.lastTicket, {
          release: () => caller.resolve({ value, version, level }),
          abort: (error) => caller.reject(error),
        });
      }
      case 'refuse':
        return this.refuse(activation, admission.caller, admission.error);
      case 'taken':
        return this.parts.messenger.known({ from: admission.from, to: activation.agent, sequence: admission.sequence });
      case 'return':
        activation.enqueued.delete(admission.from);
        if (admission.why === 'gap' || this.options.others !== undefined)
          this.parts.messenger.returned(admission.from, activation.agent, admission.why);
        return;
      case 'note':
        this.parts.recorder.plain(activation, admission.message, [admission.event], {});
        return;
      case 'ignore':
        if (message.kind === 'timer') this.parts.keeper.arm(activation);
        return;
    }
  }

  command(activation: Activation, command: Command): void {
    const { type, plan, caller } = command;
    try {
      const { status, version, tree, superpositions } = activation.ready;
      const { data, edits, rest } = plan({ status, version, position: activation.position, tree, superpositions });
      const after = edits.length === 0 ? undefined : tree.apply(edits);
      const ticket = this.parts.recorder.plain(activation, command, [{ type, data, edits }], rest, after);
      if (rest.status !== undefined) this.parts.statusChanged(activation);
      const reply = { value: data, version: activation.ready.version, level: this.options.level };
      this.gate.hold(ticket, { release: () => caller.resolve(reply), abort: (error) => caller.reject(error) });
    } catch (error) {
      this.refuse(activation, caller, toSkepError(error));
    }
  }

  /** A refusal may show what an uncommitted turn led to, so it waits for that turn. */
  private refuse(activation: Activation, caller: Caller, error: SkepError): void {
    this.gate.hold(activation.lastTicket, { release: () => caller.reject(error), abort: (abort) => caller.reject(abort) });
  }
}
