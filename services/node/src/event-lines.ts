/**
 * What a node says: one line of JSON an event, on stderr; what makes it ready for others, on stdout.
 *
 *   starting -> waiting ... -> connected -> incarnation -> ready -> (link, incarnation, alarm, blocked) ... -> draining -> drained -> ended
 */

export type EventName =
  | 'starting'
  | 'waiting'
  | 'connected'
  | 'incarnation'
  | 'ready'
  | 'link'
  | 'alarm'
  | 'blocked'
  | 'warning'
  | 'admin'
  | 'draining'
  | 'drained'
  | 'ended'
  | 'failed';

export interface EventLines {
  say(event: EventName, details?: object): void;
}

interface Out {
  write(text: string): unknown;
}

export function eventLines({ stderr, nowMs }: { readonly stderr: Out; readonly nowMs: () => number }, node: string): EventLines {
  return {
    say(event, details = {}) {
      const time = new Date(nowMs()).toISOString();
      stderr.write(`${JSON.stringify({ time, event, node, ...details })}\n`);
    },
  };
}
