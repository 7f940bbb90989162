/** Prometheus remote write, request by request. */
import { beforeAll, expect, test } from "vitest";
import { snappy } from "../../bench/peers/snappy.ts";
import { suiteService } from "../support/own-database-service.ts";
import { requestV2, type SentSeries, writeRequest } from "../support/remote-write.ts";
import { makeToken, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const OVERFLOWS = "node_netstat_TcpExt_ListenOverflows";
const DROPS = "node_netstat_TcpExt_ListenDrops";

const service = suiteService();
let token: string;
const now = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;

beforeAll(async () => {
  token = await makeToken(service.databaseUrl, "ingest");
});

interface Sending {
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
  readonly token?: string | null;
  readonly method?: string;
  /** Of another service than the tests'. */
  readonly url?: string;
}

function send({
  body,
  headers = {},
  token: own = token,
  method = "POST",
  url = service.url,
}: Sending): Promise<Response> {
  return fetch(`${url}/api/v1/write`, {
    method,
    headers: {
      "Content-Encoding": "snappy",
      "Content-Type": "application/x-protobuf",
      "X-Prometheus-Remote-Write-Version": "0.1.0",
      ...(own === null ? {} : { Authorization: `Bearer ${own}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
}

const V2 = { "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request" };
const write = (series: readonly SentSeries[]) => send({ body: snappy(Buffer.from(writeRequest(series))) });

function course(metric: string, instance: string, values: readonly number[], more: object = {}): SentSeries {
  return {
    labels: { __name__: metric, instance, job: "node", ...more },
    samples: values.map((value, index) => ({ at: now + index * 15_000, value })),
  };
}

async function increases(host: string): Promise<unknown> {
  const { data } = await service.graphql(
    `query ($host: String!) { host(name: $host) {
      overflows: increase(counter: "ListenOverflows", range: {last: "1h"})
      drops: increase(counter: "ListenDrops", range: {last: "1h"}) } }`,
    { host },
  );
  return data.host;
}

async function expectIncreases(host: string, overflows: string, drops: string | null): Promise<void> {
  let seen: unknown;
  const isThere = async () => {
    seen = await increases(host);
    return JSON.stringify(seen) === JSON.stringify({ overflows, drops });
  };
  await waitFor("the increases", isThere).catch(() => undefined);
  expect(seen).toEqual({ overflows, drops });
}

test("1.0: 204 without a body, and the host is there under its instance without the port", async () => {
  const answer = await write([
    course(OVERFLOWS, "web-1:9100", [5, 8, 12]),
    course(DROPS, "web-1:9100", [5, 8, 13]),
  ]);
  expect([answer.status, await answer.text()]).toEqual([204, ""]);
  // A sender of 1.0 that hears them takes what is passed over for lost.
  expect([...answer.headers.keys()].filter((name) => name.endsWith("-written"))).toEqual([]);
  await expectIncreases("web-1", "7", "8");
  const { data } = await service.graphql('{ host(name: "web-1") { labels } }');
  expect(data.host.labels).toEqual({ job: "node", source: "remote_write" });
});

test("parts of one scrape that come apart are put together, in any order, doubled and at once", async () => {
  const [overflows, drops] = [course(OVERFLOWS, "web-2", [0, 3, 9]), course(DROPS, "web-2", [1, 4, 11])];
  const answers = await Promise.all([[overflows], [drops], [drops], [overflows]].map(write));
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
  await expectIncreases("web-2", "9", "10");
  // What is there is not changed by another value for it.
  expect((await write([course(OVERFLOWS, "web-2", [0, 3, 999])])).status).toBe(204);
  await expectIncreases("web-2", "9", "10");
});

test("1.0: a boot that the host tells of is a restart, whatever the counters say and whichever part comes first", async () => {
  const [old, young] = [now - 3_600_000, now + 20_000].map((ms) => ms / 1_000);
  const at = [now, now + 15_000, now + 30_000, now + 45_000];
  const samples = (values: readonly (number | undefined)[]) =>
    values.map((value = 0, index) => ({ at: at[index] ?? 0, value }));
  const labels = { instance: "web-7:9100", job: "node" };
  // Higher than before the restart: nothing has fallen.
  const overflows = { labels: { __name__: OVERFLOWS, ...labels }, samples: samples([100, 104, 110, 111]) };
  const booted = {
    labels: { __name__: "node_boot_time_seconds", ...labels },
    samples: samples([old, old, young, young]),
  };
  expect((await write([overflows])).status).toBe(204);
  await expectIncreases("web-7", "11", null);
  expect((await write([booted])).status).toBe(204);
  await expectIncreases("web-7", "115", null);
});

test("what an outage has held back is taken at once, also where it is more than an agent may push", async () => {
  const start = now - 1_500_000;
  const hosts = Array.from({ length: 60 }, (_, host) => ({
    labels: { __name__: OVERFLOWS, instance: `held-${host}:9100` },
    samples: Array.from({ length: 100 }, (_, index) => ({ at: start + index * 15_000, value: index })),
  }));
  const answer = await write(hosts);
  expect([answer.status, await answer.text()]).toEqual([204, ""]);
  await expectIncreases("held-59", "99", null);
});

test("2.0: the same, and its start of a counter is a boot", async () => {
  const body = (startedAt: number, at: number, value: number) =>
    snappy(
      Buffer.from(
        requestV2([
          { labels: { __name__: OVERFLOWS, instance: "web-3" }, samples: [{ at, value, startedAt }] },
        ]),
      ),
    );
  const boots = [now - 3_600_000, now + 20_000] as const;
  for (const [boot, at, value] of [
    [boots[0], now, 100],
    [boots[0], now + 15_000, 104],
    // The machine began anew: what it counted since then is its increase.
    [boots[1], now + 30_000, 3],
  ] as const) {
    const answer = await send({ body: body(boot, at, value), headers: V2 });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("x-prometheus-remote-write-samples-written")).toBe("1");
    expect(answer.headers.get("x-prometheus-remote-write-histograms-written")).toBe("0");
  }
  await waitFor(
    "the increase",
    async () => ((await increases("web-3")) as { overflows: string }).overflows === "7",
  );
});

test("2.0: says how much is settled: what is stored, and what is passed over on purpose", async () => {
  const of = (name: string, values: readonly number[]) => ({
    labels: { __name__: name, instance: "web-8" },
    samples: values.map((value, index) => ({ at: now + index * 15_000, value })),
  });
  const series = [of(OVERFLOWS, [1, 2, 2.5]), of("node_load1", [0.5]), of("node_netstat_Tcp_MaxConn", [-1])];
  const answer = await send({ body: snappy(Buffer.from(requestV2(series))), headers: V2 });
  expect([answer.status, answer.headers.get("x-prometheus-remote-write-samples-written")]).toEqual([
    400,
    "4",
  ]);
});

test("what can never be taken is 400 and named, and the rest is stored", async () => {
  const answer = await write([
    course(OVERFLOWS, "web-4", [1, 3, 4.5]),
    course(DROPS, "web-4", [1, 1, 1]),
    {
      labels: { __name__: OVERFLOWS, instance: "web-4" },
      samples: [{ at: Date.now() + 3_600_000, value: 5 }],
    },
  ]);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(
    /2 samples are not taken, the rest is: TcpExtListenOverflows of web-4: 4.5 is no counter/,
  );
  await expectIncreases("web-4", "2", "0");
});

test("other metrics are passed over, and a request of nothing is good", async () => {
  const other = await write([course("node_load1", "web-9", [0.5])]);
  expect([other.status, await other.text()]).toEqual([204, ""]);
  expect((await write([])).status).toBe(204);
  expect((await service.graphql('{ host(name: "web-9") { name } }')).data.host).toBeNull();
});

const good = () => snappy(Buffer.from(writeRequest([course(OVERFLOWS, "web-5", [1])])));
test.each([
  ["without a token", { token: null }, 401],
  ["with an unknown token", { token: "spw_nobody" }, 401],
  ["as JSON", { headers: { "Content-Type": "application/json" } }, 415],
  ["as another message", { headers: { "Content-Type": "application/x-protobuf;proto=other.Request" } }, 415],
  ["by gzip", { headers: { "Content-Encoding": "gzip" } }, 415],
  ["by GET", { method: "GET" }, 405],
  ["that is no Snappy", { body: Buffer.from("nothing of the kind") }, 400],
  ["that is no message", { body: snappy(Buffer.from([10, 200, 1])) }, 400],
  ["that claims a gigabyte", { body: Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0]) }, 413],
  ["of over a megabyte", { body: Buffer.alloc(1_100_000) }, 413],
] as [string, Sending, number][])("a request %s is refused", async (_what, sending, status) => {
  const answer = await send(sending.method === "GET" ? sending : { body: good(), ...sending });
  expect(answer.status).toBe(status);
  expect((await answer.text()).length).toBeGreaterThan(10);
});

test("of too many requests Prometheus is told by 503, and when to come back: 429 would have it drop them", async () => {
  const other = await startService({
    databaseUrl: service.databaseUrl,
    env: { SPILLWAY_RATE_LIMIT_INGEST: "1" },
  });
  try {
    const answers = [
      await send({ body: good(), url: other.url }),
      await send({ body: good(), url: other.url }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 503]);
    expect(Number(answers[1]?.headers.get("retry-after"))).toBeGreaterThan(0);
  } finally {
    await other.stop();
  }
});

test("a token for some hosts writes for those alone", async () => {
  const { data } = await service.graphql(
    'mutation { createToken(input: {name: "some", scopes: ["ingest"], hostPattern: "db-*"}) { secret } }',
  );
  const series = [course(OVERFLOWS, "db-1", [1]), course(OVERFLOWS, "web-6", [1])];
  const answer = await send({
    body: snappy(Buffer.from(writeRequest(series))),
    token: data.createToken.secret,
  });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/pushes for hosts named db-\*, and not for "web-6"/);
});

test("of a machine that cAdvisor alone tells of, each container is there, and what is missing is said", async () => {
  const metric = "container_network_advance_tcp_stats_total";
  const of = (pod: string, state: string, values: readonly number[]) =>
    course(metric, "node-7:10250", values, {
      tcp_state: state,
      pod,
      namespace: "shop",
      id: `/kubepods/${pod}`,
    });
  const answer = await write([
    of("shop-1", "listenoverflows", [1, 1, 4, 4, 6, 6]),
    of("shop-1", "listendrops", [1, 1, 4, 4, 6, 6]),
    of("shop-2", "listenoverflows", [0, 0, 0, 0, 0, 0]),
  ]);
  expect(answer.status).toBe(204);
  const host = await waitFor("what is missing", async () => {
    const { data } = await service.graphql(
      '{ host(name: "node-7") { capabilities { name available reason } namespaces { kind name } } }',
    );
    return data.host?.capabilities.length > 0 ? data.host : null;
  });
  expect(host.namespaces).toEqual([
    { kind: "CONTAINER", name: "shop-1" },
    { kind: "CONTAINER", name: "shop-2" },
  ]);
  expect(host.capabilities).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        name: "counters.complete",
        available: false,
        reason: expect.stringMatching(/nothing is sent of the host itself.*run node_exporter there/),
      }),
      expect.objectContaining({
        name: "containers.counters.complete",
        available: false,
        reason: expect.stringMatching(/not sent of containers: PassiveOpens/),
      }),
      expect.objectContaining({ name: "namespaces", available: true }),
    ]),
  );
});
