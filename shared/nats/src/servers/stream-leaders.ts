/** Which server leads which stream, as the servers themselves say: to kill the right one, and to show where writes go. */
import { connect, nkeyAuthenticator, type TlsOptions } from '@nats-io/transport-node';
import { LOOPBACK } from './free-ports.js';

export interface StreamLeader {
  readonly stream: string;
  /** A server's name; undefined while the stream has none. */
  readonly leader: string | undefined;
  /** Of the newest entry, as the server that was asked last knew it. */
  readonly lastSequence: number;
}

export interface LeadersQuestion {
  /** Ports of servers that run. */
  readonly ports: readonly number[];
  /** The secret of a user of the system account. */
  readonly systemSeed: Uint8Array;
  readonly tls?: TlsOptions;
}

interface Answer {
  readonly data?: {
    readonly account_details?: readonly {
      readonly stream_detail?: readonly {
        readonly name: string;
        readonly cluster?: { readonly leader?: string };
        readonly state?: { readonly last_seq?: number };
      }[];
    }[];
  };
}

const ANSWER_MS_MAX = 2_000;

/** One entry a stream, ascending by name. Rejects with the client's error when no server answers. */
export async function askStreamLeaders({ ports, systemSeed, tls }: LeadersQuestion): Promise<readonly StreamLeader[]> {
  const connection = await connect({
    servers: ports.map((port) => `${LOOPBACK}:${port}`),
    authenticator: nkeyAuthenticator(systemSeed),
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: ANSWER_MS_MAX,
    name: 'skep: who leads',
    ...(tls === undefined ? {} : { tls }),
  });
  try {
    const subject = `$SYS.REQ.SERVER.${connection.info?.server_id}.JSZ`;
    const reply = await connection.request(subject, JSON.stringify({ accounts: true, streams: true }), { timeout: ANSWER_MS_MAX });
    const accounts = reply.json<Answer>().data?.account_details ?? [];
    return accounts
      .flatMap(({ stream_detail }) => stream_detail ?? [])
      .map(({ name, cluster, state }) => ({
        stream: name,
        leader: cluster?.leader === '' ? undefined : cluster?.leader,
        lastSequence: state?.last_seq ?? 0,
      }))
      .sort((one, other) => (one.stream < other.stream ? -1 : 1));
  } finally {
    await connection.close();
  }
}
