/** What lies between an agent and a service: passes on, answers itself, or cuts off. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { Push } from "../../src/protocol/message.ts";

export interface PassedPush {
  readonly push: Push;
  /** When it came, ms since 1970. */
  readonly time: number;
  /** Status with which it was answered; null when the connection was cut. */
  readonly status: number | null;
}

/** Answers in place of the service; "cut" closes the connection without a word. */
export type Interference = ((response: ServerResponse) => void) | "cut";

/** A port that nobody is given who asks for any. */
const NOBODY = "http://127.0.0.1:1";

export class Link {
  /** null passes everything on. */
  interference: Interference | null = null;
  /** A push is passed on this late. */
  delayMs = 0;
  readonly pushes: PassedPush[] = [];
  /** The service; while nothing listens there, connections are cut. */
  target: string;
  private readonly server: Server;

  /** @param target where nothing listens when left out */
  static async open(target = NOBODY): Promise<Link> {
    const link = new Link(target);
    link.server.listen(0, "127.0.0.1");
    await once(link.server, "listening");
    return link;
  }

  private constructor(target: string) {
    this.target = target;
    this.server = createServer((request, response) => {
      // Who ends in the middle of a push has sent none.
      this.pass(request, response).catch(() => response.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const time = Date.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const zipped = request.headers["content-encoding"] === "gzip";
    const push: Push = JSON.parse((zipped ? gunzipSync(body) : body).toString("utf8"));
    const status = await this.answer(request, response, body);
    this.pushes.push({ push, time, status });
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): Promise<number | null> {
    const { interference } = this;
    if (interference === "cut") response.socket?.destroy();
    else if (interference !== null) interference(response);
    if (interference !== null) return interference === "cut" ? null : response.statusCode;
    if (this.delayMs > 0) await pause(this.delayMs);
    const headers: Record<string, string> = {};
    for (const name of ["authorization", "content-type", "content-encoding"]) {
      const value = request.headers[name];
      if (typeof value === "string") headers[name] = value;
    }
    try {
      const answered = await fetch(new URL(request.url ?? "/", this.target), {
        method: "POST",
        headers,
        body: new Uint8Array(body),
      });
      const text = await answered.text();
      const type = answered.headers.get("content-type") ?? "text/plain";
      response.writeHead(answered.status, { "content-type": type }).end(text);
      return answered.status;
    } catch {
      response.socket?.destroy();
      return null;
    }
  }
}
