import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { Push, WireSnapshot } from "../../../../src/protocol/message.ts";

/** One push as the service received it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes on the wire. */
  readonly bytes: number;
  readonly push: Push;
  readonly snapshots: readonly WireSnapshot[];
}

export type Handler = (received: Received, response: ServerResponse) => void;

/** A real HTTP server on a free port of 127.0.0.1 that plays the service. */
export interface FakeService {
  readonly url: URL;
  readonly received: Received[];
  /** Answers of the next pushes, in order; the last one goes on for ever. */
  answer(...handlers: Handler[]): void;
}

export async function startService(onTestFinished: (fn: () => void) => void): Promise<FakeService> {
  const received: Received[] = [];
  let handlers: Handler[] = [stored];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      const push: Push = JSON.parse(plain.toString("utf8"));
      const one: Received = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        bytes: body.length,
        push,
        snapshots: push.hosts.flatMap(({ snapshots }) => snapshots),
      };
      received.push(one);
      const [handler = stored] = handlers;
      if (handlers.length > 1) handlers.shift();
      handler(one, response);
    });
  });
  await listen(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    received,
    answer: (...next) => {
      handlers = next;
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

/** A 200 with one result for each snapshot, by a service whose clock is that of this machine unless given. */
export function answered(
  resultOf: (snapshot: WireSnapshot) => object,
  { config = { intervalMs: 10_000, jitterMs: 0 }, time = () => Date.now() } = {},
): Handler {
  return ({ snapshots }, response) => {
    const results = snapshots.map(resultOf);
    const body = { time: time(), results, config };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
}

export const stored: Handler = answered(() => ({ status: "stored" }));

/** Any other status, with problem+json as the service sends it. */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Handler {
  return (_received, response) => {
    const body = { type: "about:blank", title: code, status, code, detail: `because of ${code}` };
    response
      .writeHead(status, { "content-type": "application/problem+json", ...headers })
      .end(JSON.stringify(body));
  };
}

/** A 200 with any text, as a proxy's login page is. */
export function text(body: string, status = 200, headers: Record<string, string> = {}): Handler {
  return (_received, response) => {
    response.writeHead(status, { "content-type": "text/html", ...headers }).end(body);
  };
}

/** Closes the connection without an answer. */
export const hangUp: Handler = (_received, response) => {
  response.socket?.destroy();
};
