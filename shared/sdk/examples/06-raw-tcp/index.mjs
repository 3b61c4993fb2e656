/**
 * A client of a running cluster without any library: NATS' text protocol over a plain socket.
 *
 *   node index.mjs 127.0.0.1:4222 <folder of the credentials> <tenant>
 *
 * The folder holds a tenant's key: the server says a nonce, the client signs it. Then everything is a line: a subject to ask on, an inbox
 * for the answer, JSON for what is said. The cluster has agents of kind `counter`, as in the first example.
 */
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const [address, folder, tenant] = process.argv.slice(2);

// conversation:start
const socket = connect(Number(address.split(':')[1]), address.split(':')[0]);
const waiting = new Map();
let subject;
createInterface({ input: socket }).on('line', (line) => {
  if (line === 'PING') socket.write('PONG\r\n');
  else if (line.startsWith('MSG ')) subject = line.split(' ')[1];
  else if (line.startsWith('INFO ')) waiting.get('INFO')?.(JSON.parse(line.slice(5)));
  else if (line.startsWith('-ERR ')) console.log(line);
  else waiting.get(subject)?.(JSON.parse(line));
});
const heard = (what) => new Promise((resolve) => waiting.set(what, resolve));
const { nonce } = await heard('INFO');
socket.write(`CONNECT ${JSON.stringify({ verbose: false, headers: true, ...signed(nonce) })}\r\nSUB _INBOX.${tenant}.> 1\r\n`);

const ask = (what, body, ...headers) => {
  const inbox = `_INBOX.${tenant}.${randomUUID()}`;
  const head = `${['NATS/1.0', ...headers].join('\r\n')}\r\n\r\n`;
  const text = JSON.stringify(body);
  const sizes = `${head.length} ${head.length + Buffer.byteLength(text)}`;
  socket.write(`HPUB skep.${tenant}.main.${what} ${inbox} ${sizes}\r\n${head}${text}\r\n`);
  return heard(inbox);
};
// conversation:end

const created = await ask('agent.counter.raw.create', []);
console.log(`created ${created.agent}, version ${created.version}`);

// With an operation's id (a UUIDv7) a call takes effect once, however often it is sent.
const ms = Date.now().toString(16).padStart(12, '0');
const operation = `Skep-Op: ${ms.slice(0, 8)}-${ms.slice(8)}-7${randomUUID().slice(15)}`;
const first = await ask('call.counter.raw.increment', { by: 2, why: 'a couple came' }, operation);
console.log(`counted ${first.value}, version ${first.version}`);
const second = await ask('call.counter.raw.increment', { by: 2, why: 'a couple came' }, operation);
console.log(`again: ${second.value}, version ${second.version}`);
console.log(`total ${(await ask('call.counter.raw.total', null)).value}`);

// Who follows an agent hears each of its turns.
const event = `skep.${tenant}.main.event.counter.raw`;
socket.write(`SUB ${event} 2\r\n`);
await ask('swarm.follow', { kind: 'counter', id: 'raw' });
const turn = heard(event);
await ask('call.counter.raw.increment', { by: 1, why: 'somebody came' });
console.log(`heard ${(await turn).type}, version ${(await turn).version}`);

const { error } = await ask('call.counter.raw.decrement', null);
console.log(`${error.code}: ${error.message}`);
socket.end();

/** What the server wants to know of who connects. An nkey's seed in base 32: two bytes of what it is, then 32 of an Ed25519 key. */
function signed(nonce) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const seed = readFileSync(`${folder}/users/tenant-${tenant}.nk`, 'utf8').trim();
  const bits = [...seed].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes =
    bits
      .slice(16, 272)
      .match(/.{8}/g)
      ?.map((byte) => Number.parseInt(byte, 2)) ?? [];
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(bytes)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { publicKey } = JSON.parse(readFileSync(`${folder}/credentials.json`, 'utf8')).users[`tenant-${tenant}`];
  return { nkey: publicKey, sig: sign(null, Buffer.from(nonce), key).toString('base64url') };
}
