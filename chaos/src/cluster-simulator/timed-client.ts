import type { Asked } from '../simulator/recording-client.js';

/** The same client; `watch` sees everything that it is asked. */
export function timed(client: Asked, watch: (what: string, answer: Promise<unknown>) => void): Asked {
  const watched = <Given extends readonly unknown[], Result>(name: string, run: (...given: Given) => Promise<Result>) => {
    return (...given: Given): Promise<Result> => {
      const answer = run.apply(client, given as never);
      watch(`${name} of ${given[0]}`, answer);
      return answer;
    };
  };
  return {
    call: watched('call', client.call),
    get: watched('get', client.get),
    at: watched('at', client.at),
    history: watched('history', client.history),
    checkpoint: watched('checkpoint', client.checkpoint),
    branch: watched('branch', client.branch),
    restore: watched('restore', client.restore),
  };
}
