/** Clients with the subscriptions of the fleet page, by graphql-ws, in a process of their own. */
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { obeyParent } from "../support/child.ts";
import { percentile } from "../support/percentile.ts";
import type { Heard, SubscribersCommand } from "./subscribers-protocol.ts";

type Socket = ReturnType<typeof createClient>;

let clients: Socket[] = [];
let heard: { messages: number; bytes: number; lost: number } = { messages: 0, bytes: 0, lost: 0 };
/** When the first client had a message, by its text: those of all are the same. */
const firstAt = new Map<string, number>();
const behindMs: number[] = [];

function hear(text: string): void {
  const now = performance.now();
  heard.messages++;
  heard.bytes += text.length;
  const first = firstAt.get(text);
  if (first === undefined) firstAt.set(text, now);
  else behindMs.push(now - first);
}

/** @returns when all of them are connected */
async function start({ url, token, count, documents }: Extract<SubscribersCommand, { do: "start" }>) {
  await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<void>((resolve, reject) => {
          const client = createClient({
            url,
            webSocketImpl: WebSocket,
            connectionParams: { authorization: `Bearer ${token}` },
            retryAttempts: 0,
            lazy: true,
            on: { connected: () => resolve() },
          });
          clients.push(client);
          const lose = (error: unknown) => {
            heard.lost++;
            reject(error instanceof Error ? error : new Error("a subscription ended"));
          };
          for (const query of documents) {
            const next = (result: unknown) => hear(JSON.stringify(result));
            client.subscribe({ query }, { next, error: lose, complete: () => undefined });
          }
        }),
    ),
  );
}

/** What was heard since the last time. */
function tell(): Heard {
  const told = {
    ...heard,
    behindP50Ms: percentile(behindMs, 0.5),
    behindP99Ms: percentile(behindMs, 0.99),
    behindMaxMs: percentile(behindMs, 1),
    cpuMs: (process.cpuUsage().user + process.cpuUsage().system) / 1_000,
  };
  heard = { messages: 0, bytes: 0, lost: 0 };
  behindMs.length = 0;
  firstAt.clear();
  return told;
}

async function stop(): Promise<void> {
  await Promise.all(clients.map((client) => client.dispose()));
  clients = [];
}

obeyParent((command: SubscribersCommand) => {
  switch (command.do) {
    case "start":
      return start(command);
    case "tell":
      return tell();
    case "stop":
      return stop();
  }
});
