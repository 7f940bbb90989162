/** OTLP metrics over HTTP, request by request. */
import { gzipSync } from "node:zlib";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { beforeAll, expect, test } from "vitest";
import { otlpJson, otlpProtobuf, type SentResource } from "../support/otlp.ts";
import { suiteService } from "../support/own-database-service.ts";
import { makeToken } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const PROTOBUF = "application/x-protobuf";
const now = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;

const service = suiteService();
let token: string;

beforeAll(async () => {
  token = await makeToken(service.databaseUrl, "ingest");
});

function send(body: string | Uint8Array, headers: Record<string, string>): Promise<Response> {
  return fetch(`${service.url}/v1/metrics`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, ...headers },
    body,
  });
}

/** Overflows as the collector's receiver of Prometheus sends them. */
function overflowsOf(instance: string, values: readonly (number | bigint)[]): SentResource {
  return {
    attributes: { "service.name": "node", "service.instance.id": instance, "server.port": "9100" },
    metrics: [
      {
        name: "node_netstat_TcpExt_ListenOverflows",
        points: values.map((value, index) => ({ at: now + index * 15_000, value })),
      },
    ],
  };
}

async function increaseOf(host: string): Promise<string | null> {
  const { data } = await service.graphql(
    'query ($host: String!) { host(name: $host) { increase(counter: "ListenOverflows", range: {last: "1h"}) } }',
    { host },
  );
  return data.host?.increase ?? null;
}

test("protobuf, zipped, and JSON are stored exactly, and answered in kind", async () => {
  const big = 2n ** 62n;
  const zipped = await send(gzipSync(otlpProtobuf([overflowsOf("web-1:9100", [big, big + 7n])])), {
    "Content-Type": PROTOBUF,
    "Content-Encoding": "gzip",
  });
  expect([zipped.status, zipped.headers.get("content-type")]).toEqual([200, PROTOBUF]);
  expect((await zipped.arrayBuffer()).byteLength).toBe(0);
  const json = await send(otlpJson([overflowsOf("web-2:9100", [3, 8])]), {
    "Content-Type": "application/json",
  });
  expect([json.status, await json.json()]).toEqual([200, {}]);
  await waitFor("both increases", async () => {
    const found = [await increaseOf("web-1"), await increaseOf("web-2")];
    return JSON.stringify(found) === '["7","5"]';
  });
  const { data } = await service.graphql('{ host(name: "web-1") { labels } }');
  expect(data.host.labels).toEqual({ job: "node", source: "otlp" });
});

test("what can never be taken is told as a part, and the rest is stored", async () => {
  const resources = [
    overflowsOf("web-3", [1, 2.5]),
    {
      attributes: {},
      metrics: [
        { name: "nstat_TcpExtListenDrops", kind: "delta" as const, points: [{ at: now, value: 1n }] },
      ],
    },
  ];
  const json = await send(otlpJson(resources), { "Content-Type": "application/json" });
  expect(json.status).toBe(200);
  expect(await json.json()).toEqual({
    partialSuccess: { rejectedDataPoints: "2", errorMessage: expect.stringMatching(/temporality is delta/) },
  });
  const protobuf = await send(otlpProtobuf(resources), { "Content-Type": PROTOBUF });
  const reader = new BinaryReader(new Uint8Array(await protobuf.arrayBuffer()));
  expect(reader.tag()[0]).toBe(1);
  reader.uint32();
  expect([reader.tag()[0], Number(reader.int64())]).toEqual([1, 2]);
  expect([reader.tag()[0], reader.string()]).toEqual([2, expect.stringMatching(/temporality is delta/)]);
});

test("an empty request is a success", async () => {
  expect((await send(new Uint8Array(0), { "Content-Type": PROTOBUF })).status).toBe(200);
  expect((await send("{}", { "Content-Type": "application/json" })).status).toBe(200);
});

test.each([
  ["without a token", "{}", { Authorization: "", "Content-Type": "application/json" }, 401, 16],
  ["that is no JSON", "{", { "Content-Type": "application/json" }, 400, 3],
  ["of another type", "{}", { "Content-Type": "text/plain" }, 415, null],
  ["that is no protobuf", "nothing", { "Content-Type": PROTOBUF }, 400, null],
  ["that is no gzip", "{}", { "Content-Type": "application/json", "Content-Encoding": "gzip" }, 400, 3],
  ["of over a megabyte", "x".repeat(1_100_000), { "Content-Type": "application/json" }, 413, 8],
  [
    "that grows over eight megabytes",
    gzipSync(" ".repeat(9_000_000)),
    { "Content-Type": "application/json", "Content-Encoding": "gzip" },
    413,
    8,
  ],
] as [string, string | Uint8Array, Record<string, string>, number, number | null][])(
  "a request %s is refused by a status and its message",
  async (_what, body, headers, status, code) => {
    const answer = await send(body, headers);
    expect(answer.status).toBe(status);
    if (code !== null) {
      expect(await answer.json()).toEqual({ code, message: expect.stringMatching(/.{10}/) });
      return;
    }
    const reader = new BinaryReader(new Uint8Array(await answer.arrayBuffer()));
    expect([reader.tag()[0], reader.int32()]).toEqual([1, 3]);
    expect([reader.tag()[0], reader.string().length > 10]).toEqual([2, true]);
  },
);
