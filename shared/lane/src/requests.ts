import type { LaneOutput, LaneRequest, RequestId } from './outputs.js';

type WithoutId<Request> = Request extends unknown ? Omit<Request, 'request'> : never;

/** Numbers requests and collects outputs in order; the parts of a lane share one. */
export class Requests {
  private outputs: LaneOutput[] = [];
  private nextId: RequestId = 1;

  ask(request: WithoutId<LaneRequest>): RequestId {
    const id = this.nextId++;
    this.outputs.push({ ...request, request: id } as LaneRequest);
    return id;
  }

  tell(output: LaneOutput): void {
    this.outputs.push(output);
  }

  take(): readonly LaneOutput[] {
    const taken = this.outputs;
    if (taken.length > 0) this.outputs = [];
    return taken;
  }

  clone(): Requests {
    const copy = new Requests();
    copy.outputs = [...this.outputs];
    copy.nextId = this.nextId;
    return copy;
  }
}
