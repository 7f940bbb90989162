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
  // Whoever asked may give it up, or has already.
  const giveUp = () => {
    clearTimeout(timer);
    limit.abort();
  };
  if (init.signal?.aborted === true) giveUp();
  init.signal?.addEventListener("abort", giveUp);
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
      onResult: ({ data, error, operation }) => {
        const isRefused =
          error?.graphQLErrors.some(({ extensions }) => extensions.code === "UNAUTHENTICATED") === true ||
          (error?.response as Response | undefined)?.status === 401;
        if (isRefused) session.end();
        // A socket that is still open says nothing of whether the next question would be answered.
        else if (data != null && operation.kind !== "subscription") session.resume();
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
