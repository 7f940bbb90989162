import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { PushAnswer } from "../../src/protocol/answer.ts";
import type { Push } from "../../src/protocol/message.ts";

/** What came from one agent. */
export interface Received {
  pushes: number;
  snapshots: number;
  /** Values of the newest snapshot of the root. */
  counters: number;
  /** Bytes of bodies as sent. */
  bytes: number;
  readonly namespaces: Set<string>;
}

export interface StandIn {
  readonly url: string;
  /** By the agent's name; nothing came yet when there is none. */
  readonly received: ReadonlyMap<string, Received>;
  close(): Promise<void>;
}

/** Plays the service on loopback: says `stored` to every snapshot. Its own cost is nobody's here. */
export async function startStandIn(intervalMs: number): Promise<StandIn> {
  const received = new Map<string, Received>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const sent = Buffer.concat(chunks);
      const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      const push = JSON.parse(plain.toString("utf8")) as Push;
      const answer: PushAnswer = {
        time: Date.now(),
        results: push.hosts.flatMap(({ snapshots }) => snapshots.map(() => ({ status: "stored" as const }))),
        config: { intervalMs, jitterMs: 0 },
      };
      count(push, sent.length, received);
      const text = JSON.stringify(answer);
      response.writeHead(200, { "content-type": "application/json", "content-length": text.length });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function count({ hosts }: Push, bytes: number, received: Map<string, Received>): void {
  for (const { name, namespaces, snapshots } of hosts) {
    const known = received.get(name);
    const one = known ?? { pushes: 0, snapshots: 0, counters: 0, bytes: 0, namespaces: new Set<string>() };
    if (known === undefined) received.set(name, one);
    one.pushes += 1;
    one.bytes += bytes;
    one.snapshots += snapshots.length;
    for (const { inode, birth } of namespaces ?? []) one.namespaces.add(`${inode}/${birth}`);
    for (const snapshot of snapshots) {
      if (snapshot.namespace === undefined) one.counters = snapshot.values.length;
    }
  }
}
