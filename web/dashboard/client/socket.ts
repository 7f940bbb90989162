/** The one WebSocket of subscriptions. */
import type { GraphQLError } from "graphql";
import { createClient } from "graphql-ws";
import { type LastingOptions, lasting } from "./lasting.ts";
import { live } from "./live.ts";
import { session } from "./session.ts";

const url = new URL("/graphql", location.href);
url.protocol = url.protocol === "https:" ? "wss:" : "ws:";

/** The longest wait between two tries to connect again. */
const RETRY_MAX_MS = 15_000;
/** The longest wait before a subscription that was refused is tried again. */
const REFUSED_MAX_MS = 60_000;
const PING_MS = 12_000;
/** A ping that has no answer by then has none. */
const PONG_MS = 5_000;

let unanswered: ReturnType<typeof setTimeout> | undefined;

const socket = createClient({
  url: url.href,
  lazy: true,
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => !session.ended(),
  retryWait: (retries) =>
    new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** retries, RETRY_MAX_MS))),
  keepAlive: PING_MS,
  on: {
    connecting: () => live.set("connecting"),
    connected: () => live.set("connected"),
    // A socket that says nothing is dead, though nobody has closed it: a page on a laptop that slept finds out by this.
    ping: (isReceived) => {
      if (isReceived) return;
      clearTimeout(unanswered);
      unanswered = setTimeout(() => socket.terminate(), PONG_MS);
    },
    pong: (isReceived) => {
      if (isReceived) clearTimeout(unanswered);
    },
    closed: (event) => {
      clearTimeout(unanswered);
      // 4401 and 4403: the session is over, and connecting again would not help.
      const code = event instanceof CloseEvent ? event.code : 0;
      if (code === 4401 || code === 4403) session.end();
      live.set(code === 1000 ? "idle" : "lost");
    },
  },
});

const LASTING: LastingOptions = {
  waitMs: (tries) => Math.min(1_000 * 2 ** tries, REFUSED_MAX_MS),
  isPaused: session.ended,
  onPauseChange: session.over.subscribe,
};

export interface Asked {
  readonly query: string;
  readonly variables: Record<string, unknown> | undefined;
}

/** Subscribes until it is ended, through every end of the socket and of the subscription itself. @returns what ends it */
export function follow({ query, variables }: Asked, next: (result: unknown) => void): () => void {
  const payload = { query, ...(variables === undefined ? {} : { variables }) };
  return lasting<unknown>(
    (sink) =>
      socket.subscribe(payload, {
        ...sink,
        error: (fault) => {
          if (isSignedOut(fault)) session.end();
          sink.error(fault);
        },
      }),
    next,
    LASTING,
  );
}

/** @param fault errors of GraphQL, or how a socket was closed */
function isSignedOut(fault: unknown): boolean {
  return (
    Array.isArray(fault) &&
    fault.some(({ extensions }: GraphQLError) => extensions?.code === "UNAUTHENTICATED")
  );
}
