/** A database of an earlier schema, with its data in place, under the service of today. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Client } from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { push, TestHost } from "../support/pushes.ts";
import { type Service, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const FIXTURE = new URL("../fixtures/upgrade/2026-11-22.sql.gz", import.meta.url);
/** Of the database's own tokens. */
const INGEST = "spw_hLCR0KF-Np9c4h7WspQSV7sgUacLedrWXiTaTYkSKPc";
const ADMIN = "spw_ZTpIbdDLm-HLZJwWeQYPQ7Kp-pDrGn05edQWHa6IdlQ";
const HOUR = 'range: {from: "2026-11-26T13:00:00Z", to: "2026-11-26T14:00:00Z"}';
/** The hour of the fixture stays, however old it has become. */
const KEPT = {
  SPILLWAY_RAW_RETENTION: "20000d",
  SPILLWAY_MINUTE_RETENTION: "20000d",
  SPILLWAY_HOUR_RETENTION: "20000d",
  SPILLWAY_CONTAINER_RETENTION: "20000d",
  SPILLWAY_FORGET_AFTER: "20000d",
};

let database: string;
let service: Service;

beforeAll(async () => {
  database = await createDatabase(inject("postgresUrl"), "template0");
  const databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(gunzipSync(readFileSync(FIXTURE)).toString("utf8"));
  await client.end();
  service = await startService({ databaseUrl, env: KEPT });
});
afterAll(async () => {
  await service.stop();
  await dropDatabase(inject("postgresUrl"), database);
});

async function ask(query: string) {
  const response = await fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data: never; errors?: { message: string }[] };
  expect(errors, service.output()).toBeUndefined();
  return data as never;
}

test("its hosts, labels and tokens are there, and their increases are what they were", async () => {
  const { hosts } = (await ask(
    `{ hosts(first: 5) { edges { node { name labels increase(counter: "TcpPassiveOpens", ${HOUR}) } } } }`,
  )) as { hosts: { edges: { node: object }[] } };
  expect(hosts.edges.map(({ node }) => node)).toEqual([
    { name: "db-2", labels: { region: "us", role: "db" }, increase: "1790" },
    // 359 times 50, and 59 times 60 of its container; the first readings are baselines.
    { name: "web-1", labels: { region: "eu", role: "web" }, increase: "21490" },
  ]);
});

test("its minutes are rolled up again into the forms of today, and trends of the whole fleet are what they were", async () => {
  await waitFor("the rollups", async () => {
    const { system } = (await ask("{ system { rollup { lag } } }")) as {
      system: { rollup: { lag: number } };
    };
    return system.rollup.lag === 0;
  });
  const { fleet } = (await ask(
    `{ fleet { trend(counter: "ListenOverflows", measure: INCREASE, groupBy: ["role"], step: "10m", ${HOUR}) { labels values total } } }`,
  )) as { fleet: { trend: object[] } };
  expect(fleet.trend).toEqual([
    { labels: { role: "db" }, values: [0, 0, 0, 0, 0, 0], total: "0" },
    { labels: { role: "web" }, values: [0, 0, 0, 118, 120, 120], total: "358" },
  ]);
});

test("its host goes on from its last snapshot, pushed by its old token, and the rollup follows", async () => {
  const names = [
    "TcpActiveOpens",
    "TcpPassiveOpens",
    "TcpCurrEstab",
    "TcpExtListenOverflows",
    "TcpExtListenDrops",
  ];
  const last = Date.UTC(2026, 10, 26, 13, 59, 50);
  const host = Object.assign(new TestHost({ name: "web-1", names, labels: { role: "web", region: "eu" } }), {
    id: "00000000-0000-4000-8000-000000000001",
    key: Buffer.alloc(32, 1).toString("base64url"),
    boot: "11111111-0000-4000-8000-000000000001",
  });
  const at = last + 10_000;
  const section = host.section(
    [{ ...host.snapshot(at, [1_080, 18_000, 20, 365, 365]), uptimeMs: 3_600_000 + 3_600_000 }],
    {
      machineId: "1".repeat(64),
      epoch: { boot: host.boot, number: 0, kernel: "6.1.0", arch: "x86_64", wordSize: 64 },
    },
  );
  const answer = await service.push(push(section), { token: INGEST });
  expect(await answer.json()).toMatchObject({ results: [{ status: "stored" }] });
  const trend = `{ fleet { trend(counter: "ListenOverflows", measure: INCREASE, step: "1m", range: {from: "2026-11-26T14:00:00Z", to: "2026-11-26T14:01:00Z"}) { values } } }`;
  await waitFor("the minute to be rolled up", async () => {
    const { fleet } = (await ask(trend)) as { fleet: { trend: { values: (number | null)[] }[] } };
    return fleet.trend[0]?.values[0] === 7;
  });
});
