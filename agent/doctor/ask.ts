import { connect } from "node:net";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";
import { createTransport } from "../transport.ts";
import { judge, type Verdict } from "../verdict.ts";
import { AGENT_VERSION } from "../version.ts";

/** What the service said to a push without snapshots. */
export type Asked =
  | { readonly kind: "unreachable"; readonly reason: string }
  | {
      readonly kind: "asked";
      readonly verdict: Verdict;
      /** This host's clock at the middle of the exchange, in ms since 1970. */
      readonly clock: number;
      /** How long it took. */
      readonly tookMs: number;
    };

const TIMEOUT_MS = 5_000;

/**
 * Connects, then sends a push that the service takes only with a good token, and of which nothing stays: its
 * one section has no snapshots and names no host, so no host is registered for the asking.
 */
export async function askService(
  { server, token }: { readonly server: URL; readonly token: string },
  timeoutMs = TIMEOUT_MS,
): Promise<Asked> {
  const refused = await tryConnecting(server, timeoutMs);
  if (refused !== null) return { kind: "unreachable", reason: refused };
  const transport = createTransport({ server, token: () => token, timeoutMs });
  const [sentAt, began] = [Date.now(), performance.now()];
  const body = JSON.stringify({
    protocol: PROTOCOL_VERSION,
    agent: { version: AGENT_VERSION, clock: sentAt },
    hosts: [{ snapshots: [] }],
  });
  const reply = await transport.send(body);
  const tookMs = performance.now() - began;
  transport.close();
  return { kind: "asked", verdict: judge(reply, 0, Date.now()), clock: sentAt + tookMs / 2, tookMs };
}

/** Null when a TCP connection could be made. */
function tryConnecting(server: URL, timeoutMs: number): Promise<string | null> {
  const port = server.port === "" ? (server.protocol === "https:" ? 443 : 80) : Number(server.port);
  return new Promise((resolve) => {
    const socket = connect({ host: server.hostname.replace(/^\[|\]$/g, ""), port });
    const finish = (reason: string | null) => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(timeoutMs, () => finish(`no connection within ${timeoutMs} ms`));
    socket.on("connect", () => finish(null));
    socket.on("error", (error: NodeJS.ErrnoException) => finish(error.message || (error.code ?? "refused")));
  });
}
