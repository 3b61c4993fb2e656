/**
 * The configuration file of one server, as text. Pure: ports, paths and keys come in.
 *
 * - S1 Everything listens on 127.0.0.1 and nowhere else.
 * - S2 An acknowledgement is an fsync (`sync_interval: always`) unless that is switched off.
 * - S3 Routes through proxies stay there: servers do not tell each other, or clients, where they really listen.
 */
import { LOOPBACK } from './free-ports.js';

/** A message may be this large: a lane's batch with one record of full size, and room for headers. */
export const PAYLOAD_BYTES_MAX = 8 * 1024 * 1024;

export interface ServerPlan {
  readonly name: string;
  readonly clientPort: number;
  readonly monitorPort?: number;
  readonly storeDir: string;
  readonly pidFile: string;
  readonly syncAlways: boolean;
  /** Of one message; `PAYLOAD_BYTES_MAX` unless given. */
  readonly payloadBytesMax?: number;
  /** Undefined for a server alone. */
  readonly cluster?: ClusterPlan;
  readonly access: AccessPlan;
  /** Clients and routes go through proxies: servers keep their addresses to themselves and notice silence sooner. */
  readonly proxied: boolean;
}

export interface ClusterPlan {
  readonly name: string;
  readonly port: number;
  /** Ports that this server dials. */
  readonly routePorts: readonly number[];
}

export interface Permissions {
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
}

export interface SubjectRules {
  readonly allow: readonly string[];
  /** Taken from what is allowed. */
  readonly deny?: readonly string[];
}

export interface UserPlan {
  /** The public half of an nkey; the secret half never comes near a configuration file. */
  readonly publicKey: string;
  /** Undefined: everything in the account. */
  readonly permissions?: Permissions;
}

export interface AccessPlan {
  readonly users: readonly UserPlan[];
  readonly systemUsers: readonly UserPlan[];
  /** Whoever gives no credentials is this user; undefined: is refused. */
  readonly anonymous?: { readonly user: string; readonly password: string };
  readonly route?: { readonly user: string; readonly password: string };
  readonly tls?: TlsPlan;
}

export interface TlsPlan {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** Clients show a certificate of this authority too; servers among themselves always do. */
  readonly mutual: boolean;
}

export function serverConfig(plan: ServerPlan): string {
  const { access, cluster, proxied } = plan;
  const lines = [
    `server_name: ${text(plan.name)}`,
    `listen: "${LOOPBACK}:${plan.clientPort}"`,
    ...(plan.monitorPort === undefined ? [] : [`http: "${LOOPBACK}:${plan.monitorPort}"`]),
    `pid_file: ${text(plan.pidFile)}`,
    `max_payload: ${plan.payloadBytesMax ?? PAYLOAD_BYTES_MAX}`,
    `max_pending: ${8 * PAYLOAD_BYTES_MAX}`,
    'write_deadline: "5s"',
    `ping_interval: "${proxied ? '300ms' : '2s'}"`,
    'ping_max: 2',
    `jetstream { store_dir: ${text(plan.storeDir)}${plan.syncAlways ? ', sync_interval: always' : ''} }`,
    ...accounts(access),
    ...(access.tls === undefined ? [] : [`tls ${tls(access.tls)}`]),
    ...(cluster === undefined ? [] : clusterLines({ cluster, access, proxied })),
  ];
  return `${lines.join('\n')}\n`;
}

function accounts({ users, systemUsers, anonymous }: AccessPlan): string[] {
  const named = anonymous === undefined ? [] : [`{ user: ${text(anonymous.user)}, password: ${text(anonymous.password)} }`];
  return [
    'accounts {',
    `  SKEP { jetstream: enabled, users: [`,
    ...[...named, ...users.map(userLine)].map((line) => `    ${line}`),
    '  ] }',
    `  SYS { users: [${systemUsers.map(userLine).join(', ')}] }`,
    '}',
    'system_account: SYS',
    ...(anonymous === undefined ? [] : [`no_auth_user: ${text(anonymous.user)}`]),
  ];
}

function userLine({ publicKey, permissions }: UserPlan): string {
  const limits =
    permissions === undefined ? '' : `, permissions: { publish: ${rules(permissions.publish)}, subscribe: ${rules(permissions.subscribe)} }`;
  return `{ nkey: ${text(publicKey)}${limits} }`;
}

function clusterLines({ cluster, access, proxied }: { cluster: ClusterPlan; access: AccessPlan; proxied: boolean }): string[] {
  const secret = access.route === undefined ? '' : `${access.route.user}:${access.route.password}@`;
  return [
    'cluster {',
    `  name: ${text(cluster.name)}`,
    `  listen: "${LOOPBACK}:${cluster.port}"`,
    `  routes: ${list(cluster.routePorts.map((port) => `nats://${secret}${LOOPBACK}:${port}`))}`,
    `  ping_interval: "${proxied ? '300ms' : '1s'}"`,
    '  ping_max: 2',
    ...(access.route === undefined
      ? []
      : [`  authorization { user: ${text(access.route.user)}, password: ${text(access.route.password)}, timeout: 5 }`]),
    ...(access.tls === undefined ? [] : [`  tls ${tls({ ...access.tls, mutual: true })}`]),
    // S3. The advertised address is one where nobody listens: what is gossiped leads nowhere.
    ...(proxied ? ['  no_advertise: true', `  cluster_advertise: "${LOOPBACK}:1"`, '  pool_size: -1', '  compression: off'] : []),
    '}',
  ];
}

const tls = (plan: TlsPlan): string =>
  `{ cert_file: ${text(plan.cert)}, key_file: ${text(plan.key)}, ca_file: ${text(plan.ca)}, verify: ${plan.mutual}, timeout: 5 }`;

/** A quoted string; JSON's escapes are understood by the configuration's parser. */
const text = (value: string): string => JSON.stringify(value);

const rules = ({ allow, deny = [] }: SubjectRules): string => `{ allow: ${list(allow)}, deny: ${list(deny)} }`;

const list = (values: readonly string[]): string => `[${values.map(text).join(', ')}]`;
