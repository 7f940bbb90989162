import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { asSpillwayError } from "../errors.ts";

/** Takes a WebSocket over. @throws SpillwayError when it does not */
export type SocketHandler = (request: IncomingMessage, stream: Duplex, head: Buffer) => Promise<void>;

/**
 * Answers requests that would like to go on in another protocol.
 *
 * @param handlerOf what takes WebSockets where a request wants one; null where there are none
 */
export function answerUpgrades(
  server: Server,
  handlerOf: (request: IncomingMessage) => SocketHandler | null,
): void {
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Node has let go of the connection: nobody else hears that it broke.
    stream.on("error", () => stream.destroy());
    if (request.headers.upgrade?.toLowerCase() !== "websocket") {
      return withoutUpgrade(server, request, stream, head);
    }
    const handler = handlerOf(request);
    if (handler === null) return refuse(stream, 404);
    handler(request, stream, head).catch((thrown: unknown) => {
      const { code } = asSpillwayError(thrown);
      refuse(stream, code === "RATE_LIMITED" ? 429 : 503);
    });
  });
}

function refuse(stream: Duplex, status: number): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  stream.end(head, () => stream.destroy());
}

/**
 * Answers a request for some other protocol, as Java's client asks for HTTP/2, in the one that it came in. Node
 * hands it over with its connection, so it is read once more, without that wish.
 */
function withoutUpgrade(server: Server, request: IncomingMessage, stream: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(index, index + 2);
    if (!/^(upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  stream.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  // Over TLS it is decrypted by now.
  server.emit("encrypted" in stream ? "secureConnection" : "connection", stream);
}
