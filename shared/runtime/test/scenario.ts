/**
 * Plays a scenario file: one input a line, and under it what the node made of it: records, steps that run, replies.
 *
 *   call AGENT METHOD [JSON] [op N]    state AGENT    status AGENT STATUS    open STEP [JSON]    advance MS    settle
 *   hold | release (acknowledgements)    full | room (the disk)    crash | start | fence
 */
import { type AgentId, isSkepError, parseAgentId, type Value } from '@skep/kernel';
import { decodeBatch } from '@skep/lane';
import { type AgentRecord, type AgentStatus, decodeRecord } from '@skep/protocol';
import { SkepNode } from '../src/index.js';
import { Door, failure, Hive, id, isSettled, type Life } from './hive.js';
import { scenarioKind } from './scenario-kind.js';

export async function playScenario(text: string): Promise<string> {
  const player = new Player();
  const played: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    played.push(line);
    if (line !== '' && !line.startsWith('#')) played.push(...(await player.play(line)).map((out) => `    ${out}`));
  }
  return `${played.join('\n')}\n`;
}

class Player {
  private readonly outputs: string[] = [];
  private readonly doors = new Map<string, Door<Value>>();
  private readonly kind = scenarioKind({ ran: (text) => this.outputs.push(`runs ${text}`), doors: this.doors });
  private readonly world = new Hive([this.kind], { settleEveryMs: 1_000_000 });
  private readonly operations = new Map<string, ReturnType<Hive['operation']>>();
  private life: Life | undefined;
  private held: Door | undefined;
  private calls = 0;
  private shown = 0;

  async play(line: string): Promise<readonly string[]> {
    const [verb = '', ...words] = line.split(' ');
    await this.perform(verb, words);
    await isSettled(Promise.resolve());
    await this.world.clock.advance(0);
    this.showRecords();
    return this.outputs.splice(0);
  }

  private async perform(verb: string, words: readonly string[]): Promise<void> {
    const [first = '', second = '', ...rest] = words;
    switch (verb) {
      case 'start':
        this.life = await this.world.start();
        this.shown = 0;
        return;
      case 'call':
        return this.call(first, second, rest);
      case 'state':
        return this.show('state', this.alive.state(id('cell', first)));
      case 'status':
        return this.show(
          'status',
          this.alive.setStatus(id('cell', first), second as AgentStatus).then((reply) => `${second}, version ${reply.version}`),
        );
      case 'open':
        this.doors.get(first)?.open(second === '' ? null : JSON.parse(second));
        this.doors.delete(first);
        return;
      case 'advance':
        return this.world.clock.advance(Number(first));
      default:
        return this.performOnNode(verb);
    }
  }

  private async performOnNode(verb: string): Promise<void> {
    const { controls, node } = this.alive;
    switch (verb) {
      case 'settle':
        return this.world.driven(node.host.settleAll());
      case 'hold': {
        const door = new Door();
        this.held = door;
        controls.append = async (run) => {
          const result = await run();
          await door.passed;
          return result;
        };
        return;
      }
      case 'release':
        controls.append = undefined;
        return this.held?.open();
      case 'full':
        controls.append = () => Promise.reject(failure('disk-full'));
        controls.update = () => Promise.reject(failure('disk-full'));
        return;
      case 'room':
        controls.append = undefined;
        controls.update = undefined;
        return;
      case 'crash':
        this.showRecords();
        return this.alive.crash();
      case 'fence':
        return this.fence(node);
      default:
        throw new Error(`no scenario knows ${verb}`);
    }
  }

  private get alive(): Life {
    if (this.life === undefined) throw new Error('a scenario begins with start');
    return this.life;
  }

  private async fence(node: SkepNode): Promise<void> {
    const stranger = await this.world.driven(SkepNode.start(this.world.ports, { kinds: [this.kind], universe: 'elsewhere' }));
    stranger.driver.seal(node.driver.id);
  }

  private call(agent: string, method: string, rest: readonly string[]): void {
    this.calls += 1;
    const number = this.calls;
    const at = rest.indexOf('op');
    const name = at < 0 ? undefined : rest[at + 1];
    const input = (at < 0 ? rest : rest.slice(0, at)).join(' ');
    if (name !== undefined && !this.operations.has(name)) this.operations.set(name, this.world.operation());
    const slot = name === undefined ? undefined : this.operations.get(name);
    const work = this.alive.call(id('cell', agent), method, input === '' ? null : JSON.parse(input), slot === undefined ? {} : { slot });
    this.show(
      `reply ${number}`,
      work.then(({ value, version }) => `${JSON.stringify(value)}, version ${version}`),
    );
  }

  private show(what: string, work: Promise<unknown>): void {
    work.then(
      (result) => this.outputs.push(`${what}: ${typeof result === 'string' ? result : JSON.stringify(result)}`),
      (error: unknown) => this.outputs.push(`${what}: refused, ${isSkepError(error) ? error.code : String(error)}`),
    );
  }

  /** Batches stand before what they let out. */
  private showRecords(): void {
    const { appends } = this.alive.controls;
    const lines = appends.slice(this.shown).map(({ bytes }) => {
      const { kind, records } = decodeBatch(bytes);
      const texts = records.map(({ agent, position, body }) => `${nameOf(agent)}${position} ${textOf(decodeRecord(body, agent))}`);
      return `batch [${kind === 'seal' ? 'seal' : texts.join(' | ')}]`;
    });
    this.shown = appends.length;
    this.outputs.unshift(...lines);
  }
}

function nameOf(agent: AgentId): string {
  return parseAgentId(agent).name;
}

/** Kind, version, cause, and what it says. */
function textOf(record: AgentRecord): string {
  const { cause, version } = record;
  const by = cause.kind === 'message' ? ` by ${nameOf(cause.from)}>${cause.sequence}` : cause.kind === 'timer' ? ` by timer ${cause.name}` : '';
  switch (record.kind) {
    case 'begun':
      return `begun v${version}${by} ${record.method}`;
    case 'step':
      return `step ${shortName(record.name)}#${record.occurrence} ${record.outcome.kind === 'value' ? outcomeText(record.name, record.outcome.value) : record.outcome.code}`;
    case 'turn': {
      const { sends = [], taken = [], timers = [], reply, status } = record.rest;
      const parts = [
        ...record.events.map(({ type, edits }) =>
          [type, ...edits.map((edit) => `${edit.path.join('.')}${edit.kind === 'delete' ? ' gone' : `=${JSON.stringify(edit.new)}`}`)].join(' '),
        ),
        ...sends.map((item) => `sends ${nameOf(item.to)}<${item.sequence} ${item.method}`),
        ...taken.map(([to, sequence]) => `taken ${nameOf(to)} ${sequence}`),
        ...timers.map((timer) => (timer.atMs === null ? `cancels ${timer.name}` : `timer ${timer.name}`)),
        ...(reply === undefined ? [] : [`remembers ${JSON.stringify(reply.value)}`]),
        ...(status === undefined ? [] : [`becomes ${status}`]),
      ];
      return `turn v${version}${by} ${parts.join('; ')}`;
    }
  }
}

/** Times differ from nothing but the scenario, and say nothing. */
function outcomeText(name: string, value: Value): string {
  return name.startsWith('intent') ? '' : JSON.stringify(value);
}

function shortName(name: string): string {
  return name.replace(/default\/cell\//, '');
}
