/** The first line that a NATS server says to whoever connects, before any credentials: who it is. */
import { connect } from 'node:net';
import { LOOPBACK } from './free-ports.js';

export interface ServerInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Elects in under a second (deploy/nats says so in git_commit). */
  readonly fast: boolean;
}

/** The mark of the fast server in INFO, for `connection.info.git_commit`. */
export const FAST_MARK = 'skep-fast';

const INFO_BYTES_MAX = 64 * 1024;

/** Undefined when nobody answers within the limit, or answers something else. */
export function readServerInfo(port: number, limitMs = 1_000): Promise<ServerInfo | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: LOOPBACK, port });
    const finish = (info: ServerInfo | undefined): void => {
      socket.destroy();
      resolve(info);
    };
    socket.setTimeout(limitMs, () => finish(undefined));
    socket.on('error', () => finish(undefined));
    socket.on('end', () => finish(undefined));
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      const end = text.indexOf('\r\n');
      if (end >= 0) finish(parse(text.slice(0, end)));
      else if (text.length > INFO_BYTES_MAX) finish(undefined);
    });
  });
}

function parse(line: string): ServerInfo | undefined {
  try {
    const info = JSON.parse(line.replace(/^INFO /, ''));
    return { id: String(info.server_id), name: String(info.server_name), version: String(info.version), fast: info.git_commit === FAST_MARK };
  } catch {
    return undefined;
  }
}
