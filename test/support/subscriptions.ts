/** Subscriptions as clients hold them: by graphql-ws, and message by message. */
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { Service } from "./service.ts";
import { waitFor } from "./wait.ts";

function socketUrl(service: Service, path = "/graphql"): string {
  return service.url.replace(/^http/, "ws") + path;
}

export interface Message {
  // The shape is the document's: a test names the fields that it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly data: any;
  /** When it came, ms since 1970. */
  readonly at: number;
}

export interface Subscribed {
  readonly messages: readonly Message[];
  readonly errors: readonly unknown[];
  /** Waits for a message that meets a test. */
  message(what: string, test: (message: Message) => boolean, timeoutMs?: number): Promise<Message>;
  close(): void;
}

/** Subscribes as a browser's client would. */
export function subscribe(
  service: Service,
  token: string,
  query: string,
  variables: Record<string, unknown> = {},
): Subscribed {
  const client = createClient({
    url: socketUrl(service),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const messages: Message[] = [];
  const errors: unknown[] = [];
  client.subscribe(
    { query, variables },
    {
      next: (result) => {
        if (result.errors != null) errors.push(result.errors);
        else messages.push({ data: result.data, at: Date.now() });
      },
      error: (error) => errors.push(error),
      complete: () => undefined,
    },
  );
  return {
    messages,
    errors,
    message: (what, test, timeoutMs = 60_000) =>
      waitFor(
        what,
        () => {
          if (errors.length > 0) throw new Error(JSON.stringify(errors));
          return messages.find(test);
        },
        { timeoutMs },
      ),
    close: () => void client.dispose(),
  };
}

export interface RawSocket {
  readonly socket: WebSocket;
  /** What has come, parsed. */
  readonly received: readonly Record<string, unknown>[];
  send(message: unknown): void;
  /** Waits for the first message of a type. */
  got(type: string): Promise<Record<string, unknown>>;
  /** Waits until it is closed. */
  closed(): Promise<{ readonly code: number; readonly reason: string }>;
}

/** A socket of the protocol, opened and nothing said yet. */
export async function rawSocket(
  service: Service,
  headers: Readonly<Record<string, string>> = {},
  protocol = "graphql-transport-ws",
): Promise<RawSocket> {
  const socket = new WebSocket(socketUrl(service), protocol, { headers });
  const received: Record<string, unknown>[] = [];
  let closed: { code: number; reason: string } | null = null;
  socket.on("message", (data) => received.push(JSON.parse(String(data)) as Record<string, unknown>));
  socket.on("close", (code, reason) => {
    closed = { code, reason: String(reason) };
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return {
    socket,
    received,
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    got: (type) => waitFor(`a message of type ${type}`, () => received.find((one) => one.type === type)),
    closed: () => waitFor("the socket to be closed", () => closed),
  };
}

/** The message by which a client says who it is. */
export function init(token?: string): object {
  return {
    type: "connection_init",
    ...(token === undefined ? {} : { payload: { authorization: `Bearer ${token}` } }),
  };
}
