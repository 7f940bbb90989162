/**
 * What Grafana's Prometheus data source asks, call by call as it was recorded, the dashboard of deploy/grafana, and that
 * both say what GraphQL says.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { makeToken } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

/** Those of the dashboard; the last is a gauge. */
const NAMES = [
  "TcpPassiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpOutRsts",
  "TcpRetransSegs",
  "TcpOutSegs",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPReqQFullDrop",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpCurrEstab",
];
const OVERFLOWS = "node_netstat_TcpExt_ListenOverflows";
const MINUTE = 60_000;
/** Half an hour that is over, on a full five minutes; the snapshots begin before it and end behind it. */
const end = Math.floor(Date.now() / 300_000) * 300_000;
const start = end - 30 * MINUTE;
const TICK = 7_000;

const hosts = [
  new TestHost({ name: "web-1", names: NAMES, labels: { role: "web" } }),
  new TestHost({ name: "web-2", names: NAMES, labels: { role: "web" } }),
  new TestHost({ name: "db-1", names: NAMES, labels: { role: "db" } }),
];

const service = suiteService();
let token: string;

beforeAll(async () => {
  token = await makeToken(service.databaseUrl, "read");
  const ticks = Math.ceil((end + MINUTE - start) / TICK);
  const sections = hosts.map((host, place) =>
    host.section(
      Array.from({ length: ticks }, (_, tick) =>
        // Steps that are not alike, so that hardly a rate is a round number.
        host.snapshot(
          Math.min(start - MINUTE / 2 + tick * TICK + place, Date.now()),
          NAMES.map(
            (_name, counter) => tick * (counter + 3) + Math.floor((tick * tick) / (7 + counter + place)),
          ),
        ),
      ),
    ),
  );
  await service.pushed(push(...sections));
  await waitFor("the rollups", async () => {
    const { body } = await call("POST", "/query", [
      ["query", `count(increase(${OVERFLOWS}[1m]))`],
      ["time", seconds(end)],
    ]);
    return (body.data as { result: { value: [number, string] }[] }).result[0]?.value[1] === "3";
  });
}, 120_000);

type Params = [string, string][];

interface Answer {
  readonly status: number;
  readonly body: { readonly status: string; readonly data: unknown };
}

function seconds(ms: number): string {
  return String(ms / 1_000);
}

/** As Grafana's back end sends it: by POST in a form. */
async function call(method: "GET" | "POST", path: string, params: Params): Promise<Answer> {
  const form = new URLSearchParams(params);
  const url = `${service.url}/api/v1${path}`;
  const headers = { Authorization: `Bearer ${token}`, "User-Agent": "Grafana/11.6.0", Accept: "*/*" };
  const response =
    method === "POST"
      ? await fetch(url, { method, headers, body: form })
      : await fetch(`${url}?${form}`, { method, headers });
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

const RANGE: Params = [
  ["start", seconds(start)],
  ["end", seconds(end)],
];
const POINT = [expect.any(Number), expect.stringMatching(/^[-+]?(\d|Inf|NaN)/)];

describe("recorded calls", () => {
  test.each<[string, "GET" | "POST", string, Params, unknown]>([
    [
      "save and test",
      "POST",
      "/query",
      [
        ["query", "1+1"],
        ["time", "4"],
      ],
      { resultType: "scalar", result: [4, "2"] },
    ],
    [
      "which flavour it is",
      "GET",
      "/status/buildinfo",
      [],
      { version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
    ],
    [
      "a panel over time",
      "POST",
      "/query_range",
      [["query", `sum by (role) (rate(${OVERFLOWS}[4m0s]))`], ...RANGE, ["step", "15"]],
      {
        resultType: "matrix",
        result: [
          { metric: { role: "db" }, values: expect.arrayContaining([POINT]) },
          { metric: { role: "web" }, values: expect.arrayContaining([POINT]) },
        ],
      },
    ],
    [
      "a panel of one time, with a fraction",
      "POST",
      "/query",
      [
        ["query", `topk(1, increase(${OVERFLOWS}[30m]))`],
        ["time", `${end / 1_000}.123`],
      ],
      { resultType: "vector", result: [{ metric: expect.objectContaining({ role: "web" }), value: POINT }] },
    ],
    ["names of labels", "GET", "/labels", [...RANGE, ["limit", "40000"]], ["__name__", "instance", "role"]],
    [
      "names of labels of a metric, by a form",
      "POST",
      "/labels",
      [...RANGE, ["match[]", OVERFLOWS]],
      ["__name__", "instance", "role"],
    ],
    [
      "values for a variable, with no selector",
      "GET",
      "/label/role/values",
      [...RANGE, ["limit", "40000"]],
      ["db", "web"],
    ],
    [
      "values for a variable that depends on another",
      "GET",
      "/label/instance/values",
      [...RANGE, ["match[]", '{role=~"web"}']],
      ["web-1", "web-2"],
    ],
    [
      "metrics for the browser",
      "GET",
      "/label/__name__/values",
      [...RANGE, ["match[]", '{__name__=~".+"}']],
      expect.arrayContaining([OVERFLOWS, "node_netstat_Tcp_CurrEstab"]),
    ],
    [
      "metrics while someone types",
      "GET",
      "/label/__name__/values",
      [...RANGE, ["match[]", '{__name__=~".*Listen.*",role="db"}']],
      ["node_netstat_TcpExt_ListenDrops", OVERFLOWS],
    ],
    [
      "series of a metric",
      "POST",
      "/series",
      [...RANGE, ["match[]", `${OVERFLOWS}{role="db"}`]],
      [{ __name__: OVERFLOWS, instance: "db-1", role: "db" }],
    ],
    [
      "what there is, with an end",
      "GET",
      "/metadata",
      [["limit", "1"]],
      {
        [OVERFLOWS.replace("Overflows", "Drops")]: [{ type: "counter", help: expect.any(String), unit: "" }],
      },
    ],
  ])("%s: %s %s", async (_what, method, path, params, data) => {
    const { status, body } = await call(method, path, params);
    expect([status, body.status]).toEqual([200, "success"]);
    if (path === "/status/buildinfo") expect(body.data).toMatchObject(data as object);
    else expect(sorted(body.data)).toEqual(data);
  });
});

/** With the series in the order of their labels, which is nobody's promise. */
function sorted(data: unknown): unknown {
  const { result } = data as { result?: { metric?: object }[] };
  if (!Array.isArray(result) || result[0]?.metric === undefined) return data;
  const key = ({ metric }: { metric?: object }) => JSON.stringify(metric);
  return { ...(data as object), result: result.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) };
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly instant: boolean }[];
}

const { panels } = JSON.parse(
  readFileSync(new URL("../../deploy/grafana/spillway.json", import.meta.url), "utf8"),
) as { panels: Panel[] };

test.each(panels.flatMap(({ title, targets }) => targets.map((target) => [title, target] as const)))(
  "the dashboard's %s has data: $expr",
  async (_title, { expr, instant }) => {
    const query = expr
      .replaceAll("$__rate_interval", "4m0s")
      .replaceAll("$__range", "1800s")
      .replaceAll("$role", "(web|db)");
    const { status, body } = instant
      ? await call("POST", "/query", [
          ["query", query],
          ["time", seconds(end)],
        ])
      : await call("POST", "/query_range", [["query", query], ...RANGE, ["step", "60"]]);
    expect([status, body.status]).toEqual([200, "success"]);
    const { result } = body.data as {
      result: { value?: [number, string]; values?: [number, string][] }[];
    };
    const points = result.flatMap(({ value, values }) => values ?? (value === undefined ? [] : [value]));
    expect(points.length).toBeGreaterThan(0);
    expect(points.filter(([, value]) => Number(value) > 0).length).toBeGreaterThan(0);
  },
);

describe("a range says what a trend over GraphQL says, to the digit", () => {
  test.each<[string, string, string, string, number]>([
    ["rates by the minute", "rate", "RATE", "1m", 1],
    ["increases by the minute", "increase", "INCREASE", "1m", 1],
    ["rates by five minutes", "rate", "RATE", "5m", 5],
    ["increases by five minutes", "increase", "INCREASE", "5m", 5],
  ])("%s", async (_what, name, measure, step, minutes) => {
    const stepMs = minutes * MINUTE;
    const { data, errors } = await service.graphql(
      `query ($range: TimeRange!, $step: Duration!, $measure: Measure!) { fleet {
        trend(counter: "ListenOverflows", range: $range, step: $step, measure: $measure, groupBy: ["role"]) { labels values } } }`,
      { range: { from: new Date(start).toISOString(), to: new Date(end).toISOString() }, step, measure },
    );
    expect(errors).toBeUndefined();
    const trend: { labels: { role: string }; values: (number | null)[] }[] = data.fleet.trend;
    const { body } = await call("POST", "/query_range", [
      ["query", `sum by (role) (${name}(${OVERFLOWS}[${step}]))`],
      // A step's value is that of the window that ends with it.
      ["start", seconds(start + stepMs)],
      ["end", seconds(end)],
      ["step", step],
    ]);
    const { result } = body.data as { result: { metric: { role: string }; values: [number, string][] }[] };
    const told = Object.fromEntries(result.map(({ metric, values }) => [metric.role, values]));
    const wanted = trend.map(({ labels, values }) => [
      labels.role,
      values.map((value, place) => [(start + (place + 1) * stepMs) / 1_000, String(value)]),
    ]);
    expect(wanted.map(([role]) => role).toSorted()).toEqual(["db", "web"]);
    expect(told).toEqual(Object.fromEntries(wanted));
    if (name === "rate") expect(JSON.stringify(told)).toMatch(/\.\d{10}/);
  });
});
