import type { RequestListener } from "node:http";
import { closeServer, createHttpServer, listen } from "./server.ts";

const LOOPBACK = "127.0.0.1";

/**
 * A second door, for the agent beside the service while that speaks TLS: plain HTTP on a loopback port, for
 * pushes alone. The certificate is for the names that others use, and an agent here has none of them.
 *
 * @returns its URL, and what closes it
 */
export async function openPushDoor(
  takePush: RequestListener,
): Promise<{ readonly value: string; readonly stop: (graceMs: number) => Promise<void> }> {
  const { server, route } = createHttpServer({ tls: null });
  route({ "/v1/snapshots": takePush }, (_request, response) => response.writeHead(404).end());
  const { port } = await listen(server, LOOPBACK, 0);
  return { value: `http://${LOOPBACK}:${port}`, stop: (graceMs) => closeServer(server, graceMs) };
}
