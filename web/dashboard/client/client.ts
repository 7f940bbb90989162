/** The one GraphQL client: queries over HTTP, subscriptions over a WebSocket, both let in by the session's cookie. */
import { createClient as createSocket } from "graphql-ws";
import { Client, fetchExchange, mapExchange, subscriptionExchange } from "urql";
import { problemAsErrors } from "./fault.ts";
import { live } from "./live.ts";
import { session } from "./session.ts";

const socketUrl = new URL("/graphql", location.href);
socketUrl.protocol = socketUrl.protocol === "https:" ? "wss:" : "ws:";

/** The longest wait between two tries to connect again. */
const RETRY_MAX_MS = 15_000;

const socket = createSocket({
  url: socketUrl.href,
  lazy: true,
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => !session.ended(),
  retryWait: (retries) =>
    new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** retries, RETRY_MAX_MS))),
  // A socket that says nothing may be dead: a page on a laptop that slept finds out by this.
  keepAlive: 12_000,
  on: {
    connecting: () => live.set("connecting"),
    connected: () => live.set("connected"),
    closed: (event) => {
      // 4401 and 4403: the session is over, and connecting again would not help.
      const code = event instanceof CloseEvent ? event.code : 0;
      if (code === 4401 || code === 4403) session.end();
      live.set(code === 1000 ? "idle" : "lost");
    },
  },
});

/** An answer that has not come whole by then does not come: a page that waits for one asks for no other. */
const ANSWER_MAX_MS = 60_000;

/** As `fetch`, with a limit of time. */
async function fetchWithin(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const limit = new AbortController();
  const fault = new DOMException("no answer came in time", "TimeoutError");
  const timer = setTimeout(() => limit.abort(fault), ANSWER_MAX_MS);
  // Given up by whoever asked.
  init.signal?.addEventListener("abort", () => {
    clearTimeout(timer);
    limit.abort();
  });
  return worded(await fetch(input, { ...init, signal: limit.signal }));
}

/** What the service says when it refuses, as the client understands it. */
async function worded(answer: Response): Promise<Response> {
  if (answer.ok || answer.headers.get("Content-Type")?.includes("problem+json") !== true) return answer;
  const errors = problemAsErrors(await answer.text());
  const { status } = answer;
  return new Response(errors ?? "{}", { status, headers: { "Content-Type": "application/json" } });
}

export const client = new Client({
  url: "/graphql",
  // Pages say themselves when they ask again, and show what they have until the answer is there.
  requestPolicy: "network-only",
  preferGetMethod: false,
  fetch: fetchWithin,
  fetchOptions: { credentials: "same-origin" },
  exchanges: [
    mapExchange({
      onResult: ({ error }) => {
        if (error?.graphQLErrors.some(({ extensions }) => extensions.code === "UNAUTHENTICATED") === true) {
          session.end();
        }
        if ((error?.response as Response | undefined)?.status === 401) session.end();
      },
    }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = "", variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe(
            { query, variables: variables as Record<string, unknown> },
            {
              next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
              error: (error) => sink.error(error),
              complete: () => sink.complete(),
            },
          ),
        }),
      }),
    }),
  ],
});
