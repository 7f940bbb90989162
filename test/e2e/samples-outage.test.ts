/** Remote write and OTLP while the database does not answer: a sender is told to come back, and loses nothing. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { snappy } from "../../bench/peers/snappy.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { type Line, openLine } from "../support/line.ts";
import { otlpJson } from "../support/otlp.ts";
import { writeRequest } from "../support/remote-write.ts";
import { makeToken, type Service, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const OVERFLOWS = "node_netstat_TcpExt_ListenOverflows";
const now = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
const points = [3, 8].map((value, index) => ({ at: now + index * 15_000, value }));

let service: Service;
let database: string;
let line: Line;
let token: string;

beforeAll(async () => {
  database = await createDatabase(inject("postgresUrl"));
  const direct = databaseUrlOf(inject("postgresUrl"), database);
  const url = new URL(direct);
  const { host, port } = Object.fromEntries(url.searchParams);
  line = await openLine(`${host}/.s.PGSQL.${port ?? url.port}`);
  token = await makeToken(direct, "ingest");
  url.search = "";
  url.host = `127.0.0.1:${line.port}`;
  service = await startService({ databaseUrl: url.href });
});
afterAll(async () => {
  await service.stop();
  await line.cut();
  await dropDatabase(inject("postgresUrl"), database);
});

function send(path: string, headers: Record<string, string>, body: string | Uint8Array): Promise<Response> {
  return fetch(`${service.url}${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, ...headers },
    body,
  });
}

const SENDERS: Readonly<
  Record<string, { readonly host: string; readonly done: number; send(): Promise<Response> }>
> = {
  "remote write": {
    host: "web-1",
    done: 204,
    send: () =>
      send(
        "/api/v1/write",
        { "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf" },
        snappy(
          Buffer.from(
            writeRequest([{ labels: { __name__: OVERFLOWS, instance: "web-1" }, samples: points }]),
          ),
        ),
      ),
  },
  OTLP: {
    host: "web-2",
    done: 200,
    send: () =>
      send(
        "/v1/metrics",
        { "Content-Type": "application/json" },
        otlpJson([
          { attributes: { "service.instance.id": "web-2" }, metrics: [{ name: OVERFLOWS, points }] },
        ]),
      ),
  },
};

test.each(Object.entries(SENDERS))(
  "%s: 503 with Retry-After, and what is sent again is stored once",
  async (_what, sender) => {
    await line.cut();
    const answer = await sender.send();
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await answer.text()).length).toBeGreaterThan(10);
    await line.mend();
    await waitFor("it to be taken", async () => (await sender.send()).status === sender.done);
    expect((await sender.send()).status).toBe(sender.done);
    await waitFor("the increase", async () => {
      const { data } = await service.graphql(
        'query ($host: String!) { host(name: $host) { increase(counter: "ListenOverflows", range: {last: "1h"}) } }',
        { host: sender.host },
      );
      return data?.host?.increase === "5";
    });
  },
);
