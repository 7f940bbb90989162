/** The one GraphQL client: queries over HTTP, subscriptions over a WebSocket, both let in by the session's cookie. */
import { Client, fetchExchange, mapExchange, subscriptionExchange } from "urql";
import { problemAsErrors } from "./fault.ts";
import { session } from "./session.ts";
import { follow } from "./socket.ts";

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
      onResult: ({ data, error }) => {
        const isRefused =
          error?.graphQLErrors.some(({ extensions }) => extensions.code === "UNAUTHENTICATED") === true ||
          (error?.response as Response | undefined)?.status === 401;
        if (isRefused) session.end();
        else if (data != null) session.resume();
      },
    }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = "", variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: follow(
            { query, variables: variables as Record<string, unknown> | undefined },
            (result) => sink.next(result as Parameters<typeof sink.next>[0]),
          ),
        }),
      }),
    }),
  ],
});
