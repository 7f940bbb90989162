import type { WireListeners } from "../../protocol/message.ts";

/**
 * The column ts.snapshot.listeners: what was sampled of the listening sockets since the previous snapshot, as
 * the wire has it. JSON: it is there for few snapshots, is read for few questions, and Postgres compresses it.
 */
export function encodeListeners(listeners: WireListeners): Buffer {
  return Buffer.from(JSON.stringify(listeners));
}

export function decodeListeners(bytes: Uint8Array): WireListeners {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as WireListeners;
}
