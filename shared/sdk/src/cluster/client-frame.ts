/**
 * What a client and a node say to each other: frames as between nodes, in which a client sends `ask` and a node `answer`, `refusal` and
 * `whereabouts`. A client names itself by its session, a node by its incarnation.
 */
import type { IncarnationId } from '@skep/kernel';
import { decodeFrame, encodeFrame, type PeerItem } from '@skep/protocol';

/** Longest message that a node sends to a client. */
export const MESSAGE_BYTES_MAX = 7 * 1024 * 1024;

/** Items of a frame: each takes its time, and nobody else is heard before the last one. */
export const FRAME_ITEMS_MAX = 4_096;

export function encodeClientFrame(from: string, items: readonly Uint8Array[]): Uint8Array {
  return encodeFrame(from as IncarnationId, items);
}

/** @throws SkepError `malformed`, `unsupported-format`, `payload-too-large` */
export function decodeClientFrame(bytes: Uint8Array): { readonly from: string; readonly items: readonly PeerItem[] } {
  return decodeFrame(bytes, FRAME_ITEMS_MAX);
}
