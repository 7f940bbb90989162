import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { SpillwayError } from "../errors.ts";

/**
 * Connections that the kernel may hold for us before we accept them. Said, because Node's default of 511
 * is what a fleet that reconnects at once overflows; the kernel caps it at net.core.somaxconn.
 */
const BACKLOG = 4_096;
/** Longer than any agent's usual interval: with Node's 5 s each push would pay for a new connection. */
const KEEP_ALIVE_MS = 75_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What answers, by what is asked for. */
export interface Routes {
  /** The agents' pushes. */
  readonly ingest: Handler;
  /** WebSockets at /graphql: takes one over, or says that there are too many. */
  readonly socket: (request: IncomingMessage, stream: Duplex, head: Buffer) => boolean;
  readonly other: Handler;
}

/** The one HTTP server: pushes go to the ingest handler on the bare server, everything else to Express. */
export function createHttpServer(): {
  readonly server: Server;
  /** Sets what answers; until then nothing is listened to. */
  route(routes: Routes): void;
} {
  let routes: Routes | null = null;
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 60_000,
    headersTimeout: 20_000,
  });
  server.on("request", (request, response) => {
    const handler = pathOf(request) === "/v1/snapshots" ? routes?.ingest : routes?.other;
    void handler?.(request, response);
  });
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Node has let go of the connection: nobody else hears that it broke.
    stream.on("error", () => stream.destroy());
    if (request.headers.upgrade?.toLowerCase() !== "websocket")
      return withoutUpgrade(server, request, stream, head);
    if (pathOf(request) !== "/graphql") return refuse(stream, "404 Not Found");
    if (routes?.socket(request, stream, head) !== true) refuse(stream, "503 Service Unavailable");
  });
  return {
    server,
    route: (set) => {
      routes = set;
    },
  };
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => stream.destroy());
}

/**
 * Answers a request that would like to go on in another protocol, as Java's client asks for HTTP/2, in the one
 * that it came in. Node hands it over with its connection, so it is read once more, without that wish.
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

/** @throws CONFIGURATION when the address is taken or not of this machine */
export function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port));
    server.once("error", fail);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off("error", fail);
      resolve(server.address() as AddressInfo);
    });
  });
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): SpillwayError {
  const where = `${host}:${port}`;
  switch (error.code) {
    case "EADDRINUSE":
      return new SpillwayError(
        "CONFIGURATION",
        `cannot listen on ${where}: another process has it (\`ss -ltnp sport = :${port}\` says which): ` +
          "stop that, or set SPILLWAY_PORT to another port",
        { cause: error },
      );
    case "EACCES":
      return new SpillwayError(
        "CONFIGURATION",
        `cannot listen on ${where}: ports below 1024 need a privilege: set SPILLWAY_PORT to a higher one`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new SpillwayError(
        "CONFIGURATION",
        `cannot listen on ${where}: this machine has no such address: set SPILLWAY_LISTEN to one it has, or 0.0.0.0`,
        { cause: error },
      );
    default:
      return new SpillwayError("CONFIGURATION", `cannot listen on ${where}: ${error.message}`, {
        cause: error,
      });
  }
}

/** Stops listening and lets the requests under way end; after `graceMs` their connections are closed. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
