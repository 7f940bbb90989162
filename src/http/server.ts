import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { SpillwayError } from "../errors.ts";
import { answerUpgrades, type SocketHandler } from "./upgrades.ts";

/**
 * Connections that the kernel may hold for us before we accept them. Said, because Node's default of 511
 * is what a fleet that reconnects at once overflows; the kernel caps it at net.core.somaxconn.
 */
export const BACKLOG = 4_096;
/** Longer than any agent's usual interval: with Node's 5 s each push would pay for a new connection. */
const KEEP_ALIVE_MS = 75_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * How long a client may take, in ms. What takes longer is answered 408, or cut: a client that is slow on purpose
 * holds a connection, and no more than that.
 */
const TIMES = {
  /** From the first byte to the end of the headers. */
  headersTimeout: 20_000,
  /** From the first byte to the end of the body. */
  requestTimeout: 60_000,
  /** Without a byte either way, while an answer is sent or waited for. */
  timeout: 120_000,
  /** How often the first two are looked at. */
  connectionsCheckingInterval: 5_000,
};
/** Of the request line and all headers; more is answered 431. */
const HEADER_BYTES = 16_384;

export interface HttpServerOptions {
  /** Null for plain HTTP. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  readonly times?: typeof TIMES;
}

/**
 * The one HTTP server: what is pushed goes to its handler on the bare server, WebSockets at /graphql to theirs,
 * everything else to Express.
 */
export function createHttpServer({ tls, times = TIMES }: HttpServerOptions): {
  readonly server: Server;
  /** Set when it speaks TLS: the same server. */
  readonly tlsServer: TlsServer | null;
  /** Sets what answers, `ingest` by path; until then nothing is listened to. */
  route(ingest: Readonly<Record<string, Handler>>, other: Handler, socket?: SocketHandler): void;
} {
  let ingest: ReadonlyMap<string, Handler> = new Map();
  let other: Handler | null = null;
  let socket: SocketHandler | null = null;
  const options = { ...times, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: HEADER_BYTES };
  const { headersTimeout: handshakeTimeout } = times;
  const tlsServer = tls === null ? null : createTlsServer({ ...options, ...tls, handshakeTimeout });
  const server = tlsServer ?? createServer(options);
  server.setTimeout(times.timeout);
  server.on("request", (request, response) => {
    const handler = ingest.get(pathOf(request)) ?? other;
    void handler?.(request, response);
  });
  answerUpgrades(server, (request) => (pathOf(request) === "/graphql" ? socket : null));
  return {
    server,
    tlsServer,
    route: (toIngest, toOther, toSocket) => {
      ingest = new Map(Object.entries(toIngest));
      other = toOther;
      socket = toSocket ?? null;
    },
  };
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
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
