import http from "node:http";
import https from "node:https";
import { promisify } from "node:util";
import { constants, gzip, gzipSync } from "node:zlib";
import { AGENT_VERSION } from "./version.ts";

/** What came back for one request, before any meaning is read into it. */
export type Reply =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers: http.IncomingHttpHeaders;
      readonly text: string;
    }
  /** No whole answer: refused, reset, timed out, too long. */
  | { readonly kind: "failed"; readonly reason: string };

export interface Transport {
  /** Posts one JSON body. Never throws; never follows a redirect. Ends early when the signal aborts. */
  send(body: string, signal?: AbortSignal): Promise<Reply>;
  close(): void;
}

/** Below this gzip saves less than a packet. */
const GZIP_OVER_BYTES = 1024;
/** Compressing more than this on the event loop would delay a scrape by a millisecond and more. */
const GZIP_ASYNC_OVER_BYTES = 64 * 1024;
/** The answer to the largest push that keeps the contract is well below; anything longer is not for us. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

const gzipAsync = promisify(gzip);

/**
 * HTTP to the service over one kept-alive connection.
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
  const client = server.protocol === "https:" ? https : http;
  const agent = new client.Agent({ keepAlive: true, maxSockets: 1 });
  // Taken apart once: request() would do it again for each push.
  const target: http.RequestOptions = {
    agent,
    method: "POST",
    hostname: server.hostname.replace(/^\[|\]$/g, ""),
    port: server.port,
    path: `${server.pathname.replace(/\/+$/, "")}/v1/snapshots`,
  };

  function request(payload: Buffer, zipped: boolean, signal: AbortSignal | undefined): Promise<Attempt> {
    return new Promise((resolve) => {
      const headers: http.OutgoingHttpHeaders = {
        authorization: `Bearer ${token()}`,
        "content-type": "application/json",
        "content-length": payload.length,
        accept: "application/json",
        "user-agent": `spillway-agent/${AGENT_VERSION}`,
      };
      if (zipped) headers["content-encoding"] = "gzip";
      const sent = client.request({ ...target, headers });
      const stop = () => sent.destroy(new Error("stopped"));
      const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      const finish = (reply: Reply, stale = false) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
        resolve({ reply, stale });
      };
      if (signal?.aborted === true) stop();
      else signal?.addEventListener("abort", stop);
      sent.on("error", (error: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        finish({ kind: "failed", reason: error.message || (error.code ?? "connection failed") }, stale);
      });
      sent.on("response", (response) => {
        let bytes = 0;
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_MAX_BYTES)
            sent.destroy(new Error(`the answer is over ${ANSWER_MAX_BYTES} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", (error) => finish({ kind: "failed", reason: error.message }));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          finish({ kind: "status", status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      sent.end(payload);
    });
  }

  return {
    async send(body, signal) {
      const plain = Buffer.from(body);
      const zipped = plain.length > GZIP_OVER_BYTES;
      const payload = zipped ? await compress(plain) : plain;
      const first = await request(payload, zipped, signal);
      // A server may close a kept-alive connection in the moment it is used again; that says nothing about it.
      return first.stale ? (await request(payload, zipped, signal)).reply : first.reply;
    },
    close() {
      agent.destroy();
    },
  };
}

interface Attempt {
  readonly reply: Reply;
  /** It failed on a connection that an earlier request had left open. */
  readonly stale: boolean;
}

async function compress(plain: Buffer): Promise<Buffer> {
  const level = constants.Z_BEST_SPEED;
  return plain.length > GZIP_ASYNC_OVER_BYTES ? gzipAsync(plain, { level }) : gzipSync(plain, { level });
}
