/**
 * The headers of a message as they came, read in one pass. The library's own reading compares every name with all names before it: a few
 * megabytes of short headers, which any client may send, would hold a node for hours.
 *
 * - H1 What is longer or more than the limits is refused as a whole, before its names are looked at.
 * - H2 A header that comes several times is its values, joined by `, `: who reads one value takes no part of it for the whole.
 */
import type { Msg } from '@nats-io/transport-node';
import { SkepError } from '@skep/kernel';

export const HEADER_BYTES_MAX = 16 * 1024;
export const HEADERS_MAX = 64;

const NONE: ReadonlyMap<string, string> = new Map();
/** Printable ASCII without blanks and colons, as in mails. */
const NAME = /^[!-9;-~]+$/;
const utf8 = new TextDecoder();

/** By name, as it was written. @throws SkepError `malformed` */
export function headersOf(message: Msg): ReadonlyMap<string, string> {
  const { subject, reply = '', data } = message;
  // The library hands out the payload as a part of the message, right behind the headers.
  const bytes = sizeOf(message) - Buffer.byteLength(subject) - Buffer.byteLength(reply) - data.length;
  if (bytes === 0) return NONE;
  if (!(bytes > 0 && bytes <= data.byteOffset)) throw unreadable(subject, 'their length is not what the message says');
  return parseHeaders(new Uint8Array(data.buffer, data.byteOffset - bytes, bytes), subject);
}

/** Of subject, inbox, headers and payload. The library's messages all know it, its types do not say so. */
function sizeOf(message: Msg & { size?(): number }): number {
  return message.size?.() ?? Number.NaN;
}

/** @throws SkepError `malformed` */
export function parseHeaders(block: Uint8Array, id: string): ReadonlyMap<string, string> {
  if (block.length > HEADER_BYTES_MAX) throw unreadable(id, `they have ${block.length} bytes, the limit is ${HEADER_BYTES_MAX}`);
  // The first line is a version, or a status that only a server says.
  const lines = utf8.decode(block).split('\r\n').slice(1);
  const written = lines.filter((line) => line !== '');
  if (written.length > HEADERS_MAX) throw unreadable(id, `there are ${written.length}, the limit is ${HEADERS_MAX}`);
  const headers = new Map<string, string>();
  for (const line of written) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (!NAME.test(name)) throw unreadable(id, 'a name is no printable ASCII, or has blanks');
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

function unreadable(id: string, why: string): SkepError {
  return new SkepError('malformed', {
    message: `the headers cannot be read: ${why}`,
    id: id.slice(0, 128),
    remedy: `Send at most ${HEADERS_MAX} headers in ${HEADER_BYTES_MAX} bytes, named in printable ASCII.`,
  });
}
