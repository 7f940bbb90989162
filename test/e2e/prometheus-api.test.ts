/** PromQL over the Prometheus HTTP API, as Grafana's data source asks it. */
import { beforeAll, describe, expect, test } from "vitest";
import type { WireNamespace } from "../../src/protocol/message.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { makeToken } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const NAMES = ["TcpPassiveOpens", "TcpExtListenOverflows", "TcpCurrEstab"];
const OVERFLOWS = "node_netstat_TcpExt_ListenOverflows";
const OPENS = "node_netstat_Tcp_PassiveOpens";
/** Ten minutes that are over; there are snapshots from a minute before them to a minute after. */
const start = Math.floor(Date.now() / 60_000) * 60_000 - 15 * 60_000;
const end = start + 600_000;
const TICKS = 72;
const seconds = (ms: number) => String(ms / 1_000);

const web = new TestHost({ name: "web-1", names: NAMES, labels: { role: "web", rack: "a" } });
const db = new TestHost({ name: "db-1", names: NAMES, labels: { role: "db" } });
const container: WireNamespace = {
  kind: "container",
  inode: "4026532001",
  birth: 1_000,
  containerId: "c0ffee",
  name: "shop-1",
  labels: { app: "shop" },
};

const service = suiteService();
let token: string;

interface Answer {
  readonly status: number;
  // What the API answers is what the test looks at.
  readonly body: { readonly data: unknown; readonly error?: string; readonly errorType?: string };
}

async function call(
  path: string,
  params: [string, string][],
  method: "GET" | "POST" = "GET",
): Promise<Answer> {
  const form = new URLSearchParams(params);
  const headers = { Authorization: `Bearer ${token}` };
  const response =
    method === "GET"
      ? await fetch(`${service.url}/api/v1${path}?${form}`, { headers })
      : await fetch(`${service.url}/api/v1${path}`, { method, headers, body: form });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

/** Values of an instant query, by the labels of each series. */
async function instant(query: string): Promise<Record<string, string>> {
  const { status, body } = await call("/query", [
    ["query", query],
    ["time", seconds(end)],
  ]);
  expect(body).toMatchObject({ status: "success" });
  expect(status).toBe(200);
  const { result } = body.data as { result: { metric: Record<string, string>; value: [number, string] }[] };
  return Object.fromEntries(result.map(({ metric, value }) => [labelsOf(metric), value[1]]));
}

function labelsOf(metric: Readonly<Record<string, string>>): string {
  return Object.entries(metric)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

beforeAll(async () => {
  token = await makeToken(service.databaseUrl, "read");
  const ticks = Array.from({ length: TICKS }, (_, tick) => ({ tick, at: start - 60_000 + tick * 10_000 }));
  await service.pushed(
    push(
      web.section(
        ticks.flatMap(({ tick, at }) => [
          web.snapshot(at, [tick * 100, tick * 7, 40]),
          web.snapshot(at, [tick * 10, tick, 4], { namespace: 0 }),
        ]),
        { namespaces: [container] },
      ),
      db.section(ticks.map(({ tick, at }) => db.snapshot(at, [tick * 50, 0, 12 + (tick % 2)]))),
    ),
  );
  await waitFor(
    "the rollups",
    async () => (await instant(`sum(increase(${OPENS}[10m]))`))[""] === String(60 * 160),
  );
});

describe("queries", () => {
  test("Grafana's own test of a source: 1+1 by a form, and what it is of", async () => {
    const { status, body } = await call(
      "/query",
      [
        ["query", "1+1"],
        ["time", "4"],
      ],
      "POST",
    );
    expect(status).toBe(200);
    expect(body).toEqual({ status: "success", data: { resultType: "scalar", result: [4, "2"] } });
    expect((await call("/status/buildinfo", [])).body).toMatchObject({
      status: "success",
      data: { version: "2.24.0" },
    });
  });

  test("increases are exact, of each namespace and added up", async () => {
    expect(await instant(`increase(${OVERFLOWS}[10m])`)).toEqual({
      "instance=web-1 rack=a role=web": "420",
      "app=shop instance=web-1 rack=a role=web": "60",
      "instance=db-1 role=db": "0",
    });
    expect(await instant(`sum by (role) (increase(${OVERFLOWS}[10m]))`)).toEqual({
      "role=web": "480",
      "role=db": "0",
    });
    expect(await instant(`increase(${OVERFLOWS}{app="shop"}[5m])`)).toMatchObject({
      "app=shop instance=web-1 rack=a role=web": "30",
    });
  });

  test("rates are over the time that was covered; any name of the catalog will do", async () => {
    const [ours, theirs] = [
      await instant("rate(ListenOverflows[5m])"),
      await instant(`rate(${OVERFLOWS}[5m])`),
    ];
    expect(ours).toEqual(theirs);
    expect(Number(ours["instance=web-1 rack=a role=web"])).toBeCloseTo(0.7, 9);
    const irate = await instant(`irate(${OPENS}{instance="db-1"}[5m])`);
    expect(Number(irate["instance=db-1 role=db"])).toBeCloseTo(5, 9);
  });

  test("gauges, matchers, topk, arithmetic and comparison", async () => {
    expect(await instant('node_netstat_Tcp_CurrEstab{role=~"w.*",app=""}')).toEqual({
      "__name__=node_netstat_Tcp_CurrEstab instance=web-1 rack=a role=web": "40",
    });
    expect(await instant("sum(node_netstat_Tcp_CurrEstab)")).toEqual({ "": "57" });
    expect(await instant(`topk(1, sum by (instance) (rate(${OPENS}[10m])))`)).toEqual({
      "instance=web-1": "11",
    });
    expect(await instant(`100 * sum(increase(${OVERFLOWS}[10m])) / sum(increase(${OPENS}[10m]))`)).toEqual({
      "": "5",
    });
    expect(await instant(`increase(${OVERFLOWS}[10m]) > 100`)).toEqual({
      "instance=web-1 rack=a role=web": "420",
    });
    expect(await instant("rate(nobody_sends_this[5m])")).toEqual({});
  });

  test("a range, at steps of a minute and of 15 seconds, has values where there is data", async () => {
    const query = `sum(rate(${OPENS}[1m]))`;
    const range: [string, string][] = [
      ["query", query],
      ["start", seconds(start - 180_000)],
      ["end", new Date(end).toISOString()],
    ];
    const { body } = await call("/query_range", [...range, ["step", "1m"]], "POST");
    const data = body.data as {
      resultType: string;
      result: { metric: object; values: [number, string][] }[];
    };
    expect(data.resultType).toBe("matrix");
    expect(data.result).toHaveLength(1);
    expect(data.result[0]?.metric).toEqual({});
    // The first minute of data is over when the ten begin; its first snapshot has no rate by itself.
    expect(data.result[0]?.values.map(([at]) => at)).toEqual(
      Array.from({ length: 11 }, (_, minute) => start / 1_000 + 60 * minute),
    );
    for (const [, value] of data.result[0]?.values ?? []) expect(Number(value)).toBeCloseTo(16, 9);
    const fine = await call("/query_range", [...range, ["step", "15"]]);
    const points = (fine.body.data as typeof data).result[0]?.values ?? [];
    expect(points.length).toBeGreaterThan(30);
    for (const [, value] of points) expect(Number(value)).toBeCloseTo(16, 9);
  });
});

describe("what there is", () => {
  test("metrics, labels and their values, of all or of what a selector meets", async () => {
    const list = async (path: string, ...params: [string, string][]) =>
      (await call(path, params)).body.data as unknown;
    expect(await list("/label/__name__/values")).toEqual([
      "node_netstat_TcpExt_ListenOverflows",
      "node_netstat_Tcp_CurrEstab",
      "node_netstat_Tcp_PassiveOpens",
    ]);
    expect(await list("/labels")).toEqual(["__name__", "app", "instance", "rack", "role"]);
    expect(await list("/label/instance/values")).toEqual(["db-1", "web-1"]);
    expect(await list("/label/instance/values", ["match[]", `${OVERFLOWS}{role="db"}`])).toEqual(["db-1"]);
    expect(await list("/label/nothing/values")).toEqual([]);
    expect(await list("/series", ["match[]", `${OPENS}{instance="db-1"}`])).toEqual([
      { __name__: OPENS, instance: "db-1", role: "db" },
    ]);
    const cut = await call("/series", [
      ["match[]", OPENS],
      ["limit", "1"],
    ]);
    expect(cut.body).toMatchObject({ data: [{}], warnings: [expect.stringMatching(/more than 1/)] });
  });

  test("each metric says its type and what it counts", async () => {
    const { body } = await call("/metadata", [["metric", OVERFLOWS]]);
    expect(body.data).toEqual({
      [OVERFLOWS]: [{ type: "counter", help: expect.stringMatching(/queue/), unit: "" }],
    });
    expect(Object.keys((await call("/metadata", [["limit", "2"]])).body.data as object)).toHaveLength(2);
  });
});

describe("faults", () => {
  test.each([
    ["/query", [["query", "1 +"]], 400, "bad_data", /character 4/],
    ["/query", [], 400, "bad_data", /query: it is missing/],
    [
      "/query",
      [
        ["query", "1"],
        ["time", "noon"],
      ],
      400,
      "bad_data",
      /time: "noon" is no time/,
    ],
    ["/query", [["query", `${OVERFLOWS} offset 5m`]], 422, "execution", /OffsetExpr/],
    ["/query", [["query", OVERFLOWS]], 422, "execution", /ask for rate\(/],
    ["/query", [["query", "rate(node_netstat_Tcp_CurrEstab[5m])"]], 422, "execution", /a gauge/],
    // As Prometheus has it: also where there is no such metric.
    ["/query", [["query", 'rate(m{a=~"("}[5m])']], 400, "bad_data", /not a regular expression/],
    ["/query", [["query", `rate(${OPENS}{a=~"("}[5m])`]], 400, "bad_data", /not a regular expression/],
    [
      "/query_range",
      [
        ["query", "1"],
        ["start", "0"],
        ["end", "100"],
        ["step", "0"],
      ],
      400,
      "bad_data",
      /step: "0"/,
    ],
    [
      "/query_range",
      [
        ["query", "1"],
        ["start", "9"],
        ["end", "1"],
        ["step", "1"],
      ],
      400,
      "bad_data",
      /before the start/,
    ],
    [
      "/query_range",
      [
        ["query", "1"],
        ["start", "0"],
        ["end", "90000"],
        ["step", "1"],
      ],
      400,
      "bad_data",
      /at most 11000/,
    ],
    ["/series", [], 400, "bad_data", /match\[\]: it is missing/],
    ["/series", [["match[]", "1+1"]], 400, "bad_data", /no selector/],
    ["/labels", [["limit", "-1"]], 400, "bad_data", /limit: "-1"/],
    ["/alerts", [], 404, "not_found", /nothing at/],
  ] as [string, [string, string][], number, string | undefined, RegExp][])(
    "%s %j is %i, in the API's form",
    async (path, params, status, errorType, message) => {
      const answer = await call(path, params);
      expect(answer.body.error ?? "").toMatch(message);
      expect(answer.status).toBe(status);
      expect(answer.body.errorType).toBe(errorType);
    },
  );

  test("without a token, and with one that may not read", async () => {
    const stranger = await fetch(`${service.url}/api/v1/query?query=1`);
    expect(stranger.status).toBe(401);
    expect(await stranger.json()).toMatchObject({ status: "error", errorType: "bad_data" });
  });
});
