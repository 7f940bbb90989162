/** What the tests of the agent's connection share. */
import type { AddressInfo, Server, Socket } from "node:net";
import { onTestFinished } from "vitest";
import { createComposer } from "../../../../agent/message.ts";
import { createTransport, type Transport } from "../../../../agent/transport.ts";
import { snapshots } from "./snapshots.ts";

const compose = createComposer({ id: "id", key: "key", name: "web-1" });

/** A push of so many snapshots. */
export const body = (count: number) => compose(snapshots(count), new Set(), 42).body;

export const LONG_ANSWER =
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nRetry-After:  7 \r\nContent-Length: 5\r\n\r\nhello";

export function connect(server: URL, timeoutMs = 10_000, token = () => "a-token"): Transport {
  const transport = createTransport({ server, token, timeoutMs });
  onTestFinished(() => transport.close());
  return transport;
}

/** @returns the port, on loopback, until the test is over */
export async function listen(server: Server, sockets: readonly Socket[]): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
