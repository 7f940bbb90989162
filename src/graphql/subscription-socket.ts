import type { WebSocket } from "ws";
import { asSpillwayError, type SpillwayError } from "../errors.ts";
import { asUnavailable } from "../store/errors.ts";
import type { Actor } from "../store/tokens.ts";
import type { Logger } from "../telemetry/log.ts";

/** Why a socket is closed. Those from 4400 on are the protocol's, those below WebSocket's own. */
export const CLOSE = {
  /** The service stops: come back. */
  goingAway: 1001,
  /** More messages than a client has reason to send. */
  policy: 1008,
  /** The client reads too slowly, or the database does not answer: come back later. */
  tryLater: 1013,
  unauthorized: 4401,
  forbidden: 4403,
  /** More sockets than a credential may have. */
  tooMany: 4429,
  internal: 4500,
} as const;

/** Bytes that wait to be read by a client at most: with more it is dropped. */
const BUFFERED_BYTES_MAX = 1_000_000;
/** A client that does not answer a ping by the time of the next is gone. */
const PING_MS = 15_000;
/** A socket that was told to close is ended after this, whether its client has read it or not. */
const CLOSING_MS = 1_000;
/** Messages taken from a client within the time between two pings. */
const MESSAGES_MAX = 500;

/**
 * A client's socket as graphql-ws writes to it.
 *
 * Writing never waits. What a client does not read gathers in the socket up to a bound; then the client is
 * dropped (1013), so that its slowness costs nobody else.
 */
export class LiveSocket {
  readonly protocol: string;
  /** Who it belongs to; null until it has said so. */
  actor: Actor | null = null;
  readonly #socket: WebSocket;
  readonly #log: Logger;
  readonly #pinging: NodeJS.Timeout;
  /** The code that it was closed with on this side. */
  #closing: number | null = null;
  #alive = true;
  #messages = 0;

  constructor(socket: WebSocket, log: Logger) {
    this.#socket = socket;
    this.#log = log;
    this.protocol = socket.protocol;
    this.#pinging = setInterval(() => this.#ping(), PING_MS);
    socket.on("pong", () => {
      this.#alive = true;
    });
    // A message that is too long or no text: ws closes with the code for it.
    socket.on("error", (error) => log.debug({ err: error }, "a client's socket failed"));
    socket.once("close", () => clearInterval(this.#pinging));
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  send(data: string): void {
    if (!this.open) return;
    this.#socket.send(data);
    if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX) {
      this.close(
        CLOSE.tryLater,
        `over ${BUFFERED_BYTES_MAX} bytes wait to be read: read faster, or ask for less`,
      );
    }
  }

  close(code = 1000, reason = ""): void {
    if (!this.open) return;
    this.#closing = code;
    this.#socket.close(code, shortened(reason));
    this.#endSoon();
  }

  #endSoon(): void {
    const timer = setTimeout(() => this.#socket.terminate(), CLOSING_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  /** Closes it by the code for a fault; what is none of the client's is logged. */
  fail(thrown: unknown): void {
    const error = asSpillwayError(asUnavailable(thrown));
    const code = codeOf(error);
    if (code === null) this.#log.error({ err: thrown }, "a client's socket was closed for a fault");
    this.close(code ?? CLOSE.internal, error.message);
  }

  onMessage(handle: (data: string) => Promise<void>): void {
    this.#socket.on("message", (data) => {
      // What was sent before a client has read that it is closed.
      if (!this.open) return;
      this.#messages++;
      if (this.#messages > MESSAGES_MAX) {
        this.close(CLOSE.policy, `over ${MESSAGES_MAX} messages within ${PING_MS / 1000} s`);
        return;
      }
      handle(String(data)).catch((error: unknown) => this.fail(error));
    });
  }

  /** Calls `closed` with the code that this side gave, else with the client's. */
  onClosed(closed: (code: number, reason: string) => void): void {
    this.#socket.once("close", (code, reason) => closed(this.#closing ?? code, String(reason)));
  }

  /** Tells the client to go, and waits until it has gone or was ended. */
  drain(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.onClosed(() => resolve()));
    // A client that has said goodbye itself may never end its connection.
    if (this.open) this.close(CLOSE.goingAway, "the service is stopping");
    else this.#endSoon();
    return gone;
  }

  #ping(): void {
    if (!this.#alive) {
      this.#socket.terminate();
      return;
    }
    this.#alive = false;
    this.#messages = 0;
    if (this.open) this.#socket.ping();
  }
}

/** By which code a fault closes the socket; null for a fault of ours. */
function codeOf({ code }: SpillwayError): number | null {
  switch (code) {
    case "UNAUTHENTICATED":
      return CLOSE.unauthorized;
    case "FORBIDDEN":
      return CLOSE.forbidden;
    case "OVERLOADED":
      return CLOSE.tooMany;
    case "RATE_LIMITED":
    case "UNAVAILABLE":
      return CLOSE.tryLater;
    default:
      return null;
  }
}

/** A close frame holds a reason of up to 123 bytes. */
function shortened(reason: string): string {
  let short = reason;
  while (Buffer.byteLength(short) > 123) short = short.slice(0, -1);
  return short;
}
