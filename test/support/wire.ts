/** The oracle's forms as the wire and the codecs have them. */
import type { Count } from "../../src/protocol/count.ts";
import type { WireListeners } from "../../src/protocol/message.ts";
import type { OracleSnapshot } from "./oracle.ts";

export function count(value: bigint | undefined): Count | null {
  if (value === undefined) return null;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export function wireListeners({ listeners }: OracleSnapshot): WireListeners | null {
  if (listeners === undefined) return null;
  const { samples, complete, sockets } = listeners;
  return {
    source: "ss",
    samples,
    ...(complete ? {} : { complete }),
    sockets: sockets.map(({ lastQueue, ...socket }) => ({
      ...socket,
      address: "0.0.0.0",
      // 1 and 101 are one port, opened again.
      port: 80 + (Number(socket.inode) % 100),
      acceptQueue: lastQueue ?? socket.peakQueue,
    })),
  };
}
