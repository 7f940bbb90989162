/** Far ends of receivers: HTTP servers that answer as a test asks, and remember what they were asked. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** ms since 1970 */
  readonly at: number;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;

export interface FarEnd {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Every request so far, the oldest first. */
  readonly asked: readonly Asked[];
  /** How it answers from now on. */
  answer: Answer;
  /** Connections that somebody holds. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

export const ok: Answer = (response) => response.end("ok");

export async function startFarEnd(answer: Answer = ok): Promise<FarEnd> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    // One that ends in the middle of its request has asked nothing.
    take(request, response).catch(() => response.destroy());
  });
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url = "", headers } = request;
    const one = { method, path: url, headers, body: Buffer.concat(chunks).toString(), at: Date.now() };
    asked.push(one);
    farEnd.answer(response, one);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const farEnd: FarEnd = {
    port,
    url: `http://127.0.0.1:${port}`,
    asked,
    answer,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return farEnd;
}
