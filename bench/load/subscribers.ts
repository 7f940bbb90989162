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

/** @returns when all of them are connected: those of one token at once, one token after another */
async function start({ url, tokens, perToken, documents }: Extract<SubscribersCommand, { do: "start" }>) {
  for (const token of tokens) {
    await Promise.all(Array.from({ length: perToken }, () => subscribe(url, token, documents)));
  }
}

function subscribe(url: string, token: string, documents: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // Not by the connection's parameters: of strangers the service takes few at a time.
    const headers = { authorization: `Bearer ${token}` };
    const client = createClient({
      url,
      webSocketImpl: class extends WebSocket {
        constructor(address: string, protocols: string) {
          super(address, protocols, { headers });
        }
      },
      retryAttempts: 0,
      on: { connected: () => resolve() },
    });
    clients.push(client);
    const lose = (reason: unknown) => {
      heard.lost++;
      reject(new Error(`a subscription ended: ${reasonOf(reason)}`));
    };
    for (const query of documents) {
      const next = (result: unknown) => hear(JSON.stringify(result));
      client.subscribe({ query }, { next, error: lose, complete: () => undefined });
    }
  });
}

/** Of an error, of the event that closed a socket, or of what GraphQL answers. */
function reasonOf(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  if (typeof reason === "object" && reason !== null && "reason" in reason) return String(reason.reason);
  return JSON.stringify(reason);
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
