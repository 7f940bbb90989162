import type { WireListeners } from "../../protocol/message.ts";

/**
 * The column ts.snapshot.listeners: what was sampled of the listening sockets since the previous snapshot, as
 * the wire has it. JSON: it is there for few snapshots, is read for few questions, and Postgres compresses it.
 *
 * A list that is not complete begins with PARTIAL, so that a query can tell the two apart unread.
 */
export function encodeListeners({ complete = true, ...listeners }: WireListeners): Buffer {
  return Buffer.from(JSON.stringify(complete ? listeners : { complete, ...listeners }));
}

export const PARTIAL = Buffer.from('{"complete":false');

export function decodeListeners(bytes: Uint8Array): WireListeners {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as WireListeners;
}
