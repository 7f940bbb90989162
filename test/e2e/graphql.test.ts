import { beforeAll, describe, expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService();
const start = Math.floor(Date.now() / 600_000) * 600_000 - 20 * 60_000;
const regions = ["eu", "us"];
const hosts = Array.from(
  { length: 6 },
  (_, index) =>
    new TestHost({
      name: `web-${index}`,
      labels: { region: regions[index % 2] ?? "", role: index < 4 ? "web" : "db" },
    }),
);

beforeAll(async () => {
  // Ten minutes, each host adding (index + 1) overflows a snapshot; the last host is silent after five.
  const sections = hosts.map((host, index) =>
    host.section(
      Array.from({ length: index === 5 ? 31 : 61 }, (_, tick) =>
        host.snapshot(start + tick * 10_000, [tick * 10, tick * (index + 1), tick * (index + 1)]),
      ),
    ),
  );
  const { results } = await service.pushed(push(...sections));
  expect(new Set(results.map((result) => result.status))).toEqual(new Set(["stored"]));
  await waitFor("the hosts' facts and the rollups", async () => {
    const { data } = await service.graphql(
      `{ hosts(filter: {kernel: "6.12"}) { totalCount }
         fleet { trend(counter: "ListenOverflows", range: {last: "1h"}, measure: INCREASE) { total } } }`,
    );
    const total = data.fleet.trend[0].total;
    return data.hosts.totalCount === 6 && total === String((1 + 2 + 3 + 4 + 5) * 60 + 6 * 30);
  });
});

const range = `range: {from: "${new Date(start).toISOString()}", to: "${new Date(start + 600_000).toISOString()}"}`;

describe("fleet", () => {
  test("a rate is the sum of the hosts' rates, and does not sink when one is silent", async () => {
    const { data } = await service.graphql(
      `{ fleet(filter: {search: "web-"}) { trend(counter: "ListenOverflows", ${range}, step: "1m") { start step unit values } } }`,
    );
    const [series] = data.fleet.trend;
    expect(series).toMatchObject({ start: new Date(start).toISOString(), step: "1m", unit: "packets/s" });
    expect(series.values.slice(0, 5)).toEqual(Array(5).fill(expect.closeTo(2.1, 6)));
    // 31 snapshots: the silent host's last interval ends with the first moment of the sixth minute.
    expect(series.values.slice(6)).toEqual(Array(4).fill(expect.closeTo(1.5, 6)));
  });

  test("measures: increase, affected hosts, peak; steps of several minutes", async () => {
    const ask = (measure: string) =>
      `trend(counter: "ListenOverflows", ${range}, step: "5m", measure: ${measure}) { start values }`;
    const { data } = await service.graphql(
      `{ fleet(filter: {search: "web-"}) { increase: ${ask("INCREASE")} affected: ${ask("AFFECTED")} peak: ${ask("PEAK")} } }`,
    );
    const total = (measure: string) =>
      data.fleet[measure][0].values.reduce((sum: number, value: number | null) => sum + (value ?? 0), 0);
    // The minute of the last snapshot begins when the range ends.
    expect(total("increase")).toBe(15 * 59 + 6 * 30);
    expect(Math.max(...data.fleet.affected[0].values)).toBe(6);
    // The five minutes of the host that is silent after them: its first snapshot is a baseline.
    expect(Math.max(...data.fleet.peak[0].values)).toBe(6 * 29);
  });

  test("grouped by labels and filtered by matchers", async () => {
    const trend = `trend(counter: "ListenOverflows", ${range}, measure: INCREASE, groupBy: ["region"]) { labels total }`;
    const { data } = await service.graphql(
      `{ fleet(filter: {labels: [{name: "role", op: RE, value: "we."}]}) { hostCount ${trend} } }`,
    );
    expect(data.fleet).toEqual({
      hostCount: 4,
      trend: [
        { labels: { region: "eu" }, total: String((1 + 3) * 59) },
        { labels: { region: "us" }, total: String((2 + 4) * 59) },
      ],
    });
  });

  test("top: who grew most, with the rate and the share", async () => {
    const { data } = await service.graphql(
      `{ fleet(filter: {search: "web-"}) { top(counter: "ListenOverflows", ${range}, first: 2) { host { name } namespace { id } increase rate shareOfFleet }
         byNamespace: top(counter: "ListenOverflows", ${range}, by: NAMESPACE, first: 1) { host { name } namespace { kind } } } }`,
    );
    expect(data.fleet.top).toEqual([
      {
        host: { name: "web-4" },
        namespace: null,
        increase: "295",
        rate: expect.closeTo(0.5, 6),
        shareOfFleet: expect.closeTo(295 / 1065, 6),
      },
      {
        host: { name: "web-3" },
        namespace: null,
        increase: "236",
        rate: expect.closeTo(0.4, 6),
        shareOfFleet: expect.closeTo(236 / 1065, 6),
      },
    ]);
    expect(data.fleet.byNamespace).toEqual([{ host: { name: "web-4" }, namespace: { kind: "ROOT" } }]);
  });

  test("a counter that the hosts do not send is null and not 0", async () => {
    const { data } = await service.graphql(
      `{ fleet { trend(counter: "TcpEstabResets", ${range}, step: "10m") { values total } } }`,
    );
    expect(data.fleet.trend).toEqual([{ values: [null], total: null }]);
  });
});

describe("rates of hosts that report unlike each other", () => {
  const pushRun = (host: TestHost, everyMs: number, perSecond: number) =>
    service.pushed(
      push(
        host.section(
          Array.from({ length: 600_000 / everyMs + 1 }, (_, tick) =>
            host.snapshot(start + tick * everyMs, [0, (tick * everyMs * perSecond) / 1000, 0], { everyMs }),
          ),
        ),
      ),
    );
  const rates = async (names: string[], step: string) => {
    const { data } = await service.graphql(
      `query ($names: [String!]) { fleet(filter: {names: $names}) {
         trend(counter: "ListenOverflows", ${range}, step: "${step}") { values total } } }`,
      { names },
    );
    return data.fleet.trend[0] as { values: (number | null)[]; total: string };
  };

  test("each host's own rate is added, whatever its interval", async () => {
    const quick = new TestHost({ name: "every-10s" });
    const slow = new TestHost({ name: "every-5m" });
    await pushRun(quick, 10_000, 10);
    await pushRun(slow, 300_000, 1);
    const names = [quick.name, slow.name];
    await waitFor("both", async () => (await rates(names, "10m")).total === String(10 * 590 + 300));
    // The interval that ends as the range begins is a baseline; the one that ends with it lies behind it.
    expect((await rates(names, "10m")).values).toEqual([expect.closeTo(11, 6)]);
    expect((await rates([quick.name], "1m")).values).toEqual(Array(10).fill(expect.closeTo(10, 6)));
  });

  test("a layout that changes within a minute does not count its namespace twice", async () => {
    const host = new TestHost({ name: "upgraded" });
    const later = new TestHost({ name: "upgraded", names: ["TcpExtListenOverflows", "TcpNewField"] });
    const snapshots = Array.from({ length: 60 }, (_, tick) => {
      const at = start + tick * 10_000;
      return tick < 33
        ? host.snapshot(at, [0, tick * 10, 0])
        : { ...later.snapshot(at, [tick * 10, 1]), uptimeMs: at - host.bootedAt };
    });
    const layouts = { [host.layout]: [...host.names], [later.layout]: [...later.names] };
    await service.pushed(push(host.section(snapshots, { layouts })));
    await waitFor("it", async () => (await rates([host.name], "10m")).total === "590");
    expect((await rates([host.name], "1m")).values).toEqual(Array(10).fill(expect.closeTo(1, 6)));
  });

  test("a total is of the range, however wide the steps", async () => {
    const last = `{from: "${new Date(start + 60_000).toISOString()}", to: "${new Date(start + 120_000).toISOString()}"}`;
    const { data } = await service.graphql(
      `{ fleet(filter: {names: ["web-0"]}) { trend(counter: "ListenOverflows", range: ${last}, step: "1h", measure: INCREASE) { total values } } }`,
    );
    expect(data.fleet.trend).toEqual([{ total: "6", values: [6] }]);
  });
});

describe("hosts", () => {
  const page = (after: string | null) =>
    service.graphql(
      `query ($after: String) { hosts(first: 4, after: $after, filter: {search: "web-"}) { totalCount edges { cursor node { name } }
         pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      { after },
    );

  test("come in pages that follow one another", async () => {
    const first = (await page(null)).data.hosts;
    const second = (await page(first.pageInfo.endCursor)).data.hosts;
    const names = [...first.edges, ...second.edges].map(({ node }) => node.name);
    expect(names).toEqual(hosts.map((host) => host.name));
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(second.totalCount).toBe(6);
  });

  test.each([
    [`{names: ["web-1", "web-2"]}`, 2],
    [`{search: "EB-3"}`, 1],
    [`{labels: [{name: "role", value: "db"}]}`, 2],
    [
      `{labels: [{name: "role", op: NE, value: "db"}, {name: "region", op: NRE, value: "e."}], search: "web-"}`,
      2,
    ],
    [`{labels: [{name: "zone", value: ""}], search: "web-"}`, 6],
    [`{labels: [{name: "constructor", op: RE, value: ""}], search: "web-"}`, 6],
    [`{status: [LEFT]}`, 0],
    [`{kernel: "6.12", search: "web-"}`, 6],
    [`{kernel: "5."}`, 0],
    [`{agentVersion: "0.1.0", search: "web-"}`, 6],
  ])("meet the filter %s: %d", async (filter, count) => {
    const { data } = await service.graphql(
      `{ hosts(filter: ${filter}) { totalCount } fleet(filter: ${filter}) { hostCount } }`,
    );
    expect(data).toEqual({ hosts: { totalCount: count }, fleet: { hostCount: count } });
  });

  test("report, and go stale and silent when they do not", async () => {
    await service.pushed(
      push(hosts[0]?.section([hosts[0].snapshot(Date.now(), [0, 0, 0])]) ?? new TestHost().section([])),
    );
    await waitFor("web-0 to be reporting", async () => {
      const { data } = await service.graphql(
        `{ hosts(filter: {names: ["web-0"], status: [REPORTING]}) { totalCount } }`,
      );
      return data.hosts.totalCount === 1;
    });
  });

  test("one: its rates on a grid, with the gap and the total", async () => {
    const host = new TestHost({ name: "gappy" });
    const at = (seconds: number, value: number) => host.snapshot(start + seconds * 1000, [0, value, 0]);
    await service.pushed(push(host.section([at(0, 0), at(10, 5), at(20, 5), at(80, 30), at(90, 40)])));
    const { host: seen } = (
      await waitFor("the host", async () => {
        const answer = await service.graphql(
          `{ host(name: "gappy") { rates(counters: ["ListenOverflows"], step: "10s",
             range: {from: "${new Date(start).toISOString()}", to: "${new Date(start + 90_000).toISOString()}"})
             { values points { at value } total gaps { from to } resets } } }`,
        );
        return answer.data.host === null ? null : answer;
      })
    ).data;
    expect(seen.rates[0]).toMatchObject({
      values: [0.5, 0, null, null, null, null, null, null, 1],
      total: "40",
      gaps: [{ from: new Date(start + 20_000).toISOString(), to: new Date(start + 80_000).toISOString() }],
      resets: [],
    });
    expect(seen.rates[0].points[1]).toEqual({ at: new Date(start + 10_000).toISOString(), value: 0 });
  });
});
