import { connect as connectPlain, isIP, type Socket } from "node:net";
import { promisify } from "node:util";
import { constants, gzip, gzipSync } from "node:zlib";
import { describeConnectionFault } from "./connection-fault.ts";
import { createReplyReader, type ReadReply, type Reply } from "./reply-reader.ts";
import { AGENT_VERSION } from "./version.ts";

export interface Transport {
  /** Posts one JSON body. Never throws; never follows a redirect. Ends early when the signal aborts. */
  send(body: string, signal?: AbortSignal): Promise<Reply>;
  close(): void;
}

/** Below this gzip saves less than a packet. */
const GZIP_OVER_BYTES = 1024;
/** Compressing more than this on the event loop would delay a scrape by a millisecond and more. */
const GZIP_ASYNC_OVER_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;
/** A connection over which nothing goes for so long is probed, so that what forgets it is noticed. */
const PROBE_AFTER_MS = 30_000;

const gzipAsync = promisify(gzip);

/**
 * HTTP/1.1 to the service over one kept-alive connection. Requests go one after another.
 *
 * Not node:http: with its client a cycle costs half a millisecond of CPU more, of 3 without ss (bench/agent).
 * What is left out is what a push has no use for: redirects, proxies, pipelining, Expect, upgrades.
 *
 * @param server base address; the path of the push is added to its own.
 * @param token read for each request, so that a mended token file is used without a restart.
 */
export function createTransport(options: {
  readonly server: URL;
  readonly token: () => string;
  readonly timeoutMs?: number;
}): Transport {
  const { server, token } = options;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const open = opener(server);
  const target = `POST ${server.pathname.replace(/\/+$/, "")}/v1/snapshots HTTP/1.1\r\nhost: ${server.host}\r\n`;
  let connection: Connection | null = null;
  /** Resolves when the request before has its answer. */
  let turn: Promise<unknown> = Promise.resolve();

  function use(): { readonly used: Connection; readonly isReused: boolean } {
    if (connection !== null) {
      connection.socket.ref();
      return { used: connection, isReused: true };
    }
    const socket = open();
    const used: Connection = { socket, waiting: null };
    const gone = (error: NodeJS.ErrnoException | null) => {
      if (connection === used) connection = null;
      used.waiting?.gone(error);
    };
    socket.on("data", (chunk: Buffer) => {
      // What nobody asked for cannot be told from the answer to the next request.
      if (used.waiting === null) socket.destroy();
      else used.waiting.take(chunk);
    });
    socket.on("error", gone);
    socket.on("end", () => gone(null));
    socket.on("close", () => gone(null));
    connection = used;
    return { used, isReused: false };
  }

  function request(payload: Buffer, zipped: boolean, signal: AbortSignal | undefined): Promise<Attempt> {
    const authorization = `Bearer ${token()}`;
    if (!HEADER_VALUE.test(authorization)) {
      const reason = "the token has characters that cannot be sent: is it the right file?";
      return Promise.resolve({ reply: { kind: "failed", reason }, stale: false });
    }
    if (signal?.aborted === true) {
      return Promise.resolve({ reply: { kind: "failed", reason: "stopped" }, stale: false });
    }
    const head = `${target}authorization: ${authorization}\r\ncontent-type: application/json\r\ncontent-length: ${payload.length}\r\naccept: application/json\r\nuser-agent: spillway-agent/${AGENT_VERSION}\r\nconnection: keep-alive\r\n${zipped ? "content-encoding: gzip\r\n" : ""}\r\n`;
    return new Promise((resolve) => {
      const { used, isReused } = use();
      const { socket } = used;
      const reader = createReplyReader();
      let isAnswered = false;
      const finish = (attempt: Attempt, keep: boolean) => {
        used.waiting = null;
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
        if (keep) socket.unref();
        else {
          if (connection === used) connection = null;
          socket.destroy();
        }
        resolve(attempt);
      };
      const fail = (reason: string, stale = false) =>
        finish({ reply: { kind: "failed", reason }, stale }, false);
      const stop = () => fail("stopped");
      const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
      const read = (step: () => ReadReply | null) => {
        try {
          const answer = step();
          if (answer === null) return;
          const { keep, ...reply } = answer;
          // An answer may come before all of the request has gone; the rest would stand before the next one.
          finish({ reply, stale: false }, keep && socket.writableLength === 0);
        } catch (error) {
          fail(error instanceof Error ? error.message : String(error));
        }
      };
      used.waiting = {
        take(chunk) {
          isAnswered = true;
          read(() => reader.take(chunk));
        },
        gone(error) {
          const isClosed = error === null || error.code === "ECONNRESET" || error.code === "EPIPE";
          if (isReused && !isAnswered && isClosed) fail("the connection was closed", true);
          else if (error !== null) fail(describeConnectionFault(error));
          else read(() => reader.end());
        },
      };
      signal?.addEventListener("abort", stop);
      const write = () => socket.write(Buffer.concat([Buffer.from(head, "latin1"), payload]));
      // Not before the certificate is known to be good: the token goes along.
      if (isReused) write();
      else socket.once(server.protocol === "https:" ? "secureConnect" : "connect", write);
    });
  }

  async function post(body: string, signal: AbortSignal | undefined): Promise<Reply> {
    const plain = Buffer.from(body);
    const zipped = plain.length > GZIP_OVER_BYTES;
    const payload = zipped ? await compress(plain) : plain;
    const first = await request(payload, zipped, signal);
    // A server may close a kept-alive connection in the moment it is used again; that says nothing about it.
    return first.stale ? (await request(payload, zipped, signal)).reply : first.reply;
  }

  return {
    send(body, signal) {
      const reply = turn.then(() => post(body, signal));
      turn = reply.catch(() => {});
      return reply;
    },
    close() {
      connection?.socket.destroy(new Error("stopped"));
    },
  };
}

interface Connection {
  readonly socket: Socket;
  /** The request that waits for its answer; null for a connection that is idle. */
  waiting: {
    readonly take: (chunk: Buffer) => void;
    /** Nothing more will come. null: the other side closed it. */
    readonly gone: (error: NodeJS.ErrnoException | null) => void;
  } | null;
}

interface Attempt {
  readonly reply: Reply;
  /** It failed on a connection that an earlier request had left open. */
  readonly stale: boolean;
}

const HEADER_VALUE = /^[\x20-\x7e\x80-\xff]*$/;

/** Opens connections to a server; with TLS each goes on with the session of the one before. */
function opener(server: URL): () => Socket {
  const host = server.hostname.replace(/^\[|\]$/g, "");
  const shared = { host, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS };
  if (server.protocol !== "https:") {
    return () => connectPlain({ ...shared, port: Number(server.port || 80) });
  }
  const named = { ALPNProtocols: ["http/1.1"], ...(isIP(host) === 0 ? { servername: host } : {}) };
  // Half a megabyte that plain HTTP does without.
  const { connect: connectTls } = process.getBuiltinModule("node:tls");
  let session: Buffer | undefined;
  return () => {
    const options = { ...shared, ...named, port: Number(server.port || 443) };
    const socket = connectTls(session === undefined ? options : { ...options, session });
    socket.on("session", (newer: Buffer) => {
      session = newer;
    });
    socket.on("error", () => {
      session = undefined;
    });
    return socket;
  };
}

async function compress(plain: Buffer): Promise<Buffer> {
  const level = constants.Z_BEST_SPEED;
  if (plain.length > GZIP_ASYNC_OVER_BYTES) return gzipAsync(plain, { level });
  return gzipSync(plain, { level, ...SMALL_TABLES });
}

/** As small a result, without 256 KB of tables that would be mapped and cleared for each push. */
const SMALL_TABLES = { windowBits: 13, memLevel: 5 } as const;
