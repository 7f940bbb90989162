import { beforeAll, describe, expect, test } from "vitest";
import type { WireListener, WireNamespace } from "../../src/protocol/message.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const NAMES = [
  "TcpPassiveOpens",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtEmbryonicRsts",
  "TcpExtSyncookiesSent",
  "TcpCurrEstab",
];
const TICKS = 61;

const service = suiteService();
const start = Math.floor(Date.now() / 600_000) * 600_000 - 20 * 60_000;
const iso = (at: number) => new Date(at).toISOString();
const range = `range: {from: "${iso(start)}", to: "${iso(start + 660_000)}"}`;

/** Drops on the root, all on its port 8080; the other host is calm and has a container that drops a little. */
const bad = new TestHost({ name: "bad", names: NAMES, labels: { region: "eu", app: "host" } });
const calm = new TestHost({ name: "calm", names: NAMES, labels: { region: "us" } });
const container: WireNamespace = {
  kind: "container",
  inode: "4026532001",
  birth: 1_000,
  containerId: "c0ffee",
  name: "shop-1",
  labels: { app: "shop", team: "blue" },
};

function socket(more: Partial<WireListener>): WireListener {
  return {
    address: "0.0.0.0",
    port: 80,
    inode: "1",
    acceptQueue: 0,
    peakQueue: 0,
    limit: 128,
    samplesFull: 0,
    drops: 0,
    ...more,
  };
}

beforeAll(async () => {
  const ticks = Array.from({ length: TICKS }, (_, tick) => ({ tick, at: start + tick * 10_000 }));
  const listeners = (sockets: readonly WireListener[]) => ({ source: "ss" as const, samples: 5, sockets });
  await service.pushed(
    push(
      bad.section(
        ticks.map(({ tick, at }) =>
          bad.snapshot(at, [tick * 10, tick * 70, tick * 70, tick * 5, 0, 40 + tick], {
            sysctls: { "net.core.somaxconn": "4096" },
            listeners: listeners([
              socket({
                inode: "1",
                port: 8080,
                owner: "node",
                acceptQueue: 129,
                peakQueue: 129,
                samplesFull: 5,
                drops: tick * 60,
              }),
              socket({ inode: "2", port: 22, owner: "sshd", peakQueue: 1, drops: tick * 10 }),
              socket({ inode: "3", port: 443, limit: 4096 }),
            ]),
          }),
        ),
      ),
      calm.section(
        ticks.flatMap(({ tick, at }) => [
          calm.snapshot(at, [tick * 100, 0, 0, 0, tick * 50, 7]),
          calm.snapshot(at, [tick, tick, tick, 0, 0, 3], {
            namespace: 0,
            listeners: listeners([socket({ inode: "9", port: 3000, limit: 16, peakQueue: 8, drops: tick })]),
          }),
        ]),
        { namespaces: [container] },
      ),
    ),
  );
  await waitFor("the rollups", async () => {
    const { data } = await service.graphql(
      `{ fleet { trend(counter: "PassiveOpens", ${range}, measure: INCREASE) { total } } }`,
    );
    return data.fleet.trend[0].total === String(60 * 111);
  });
});

const ask = async (query: string, variables?: object) => {
  const { data, errors } = await service.graphql(query, variables);
  expect(errors).toBeUndefined();
  return data;
};

describe("handshakes", () => {
  test("of a fleet and of one host: accepted, and the share that was lost, with its range", async () => {
    const fields = "accepted lost share low high";
    const { fleet, host } = await ask(
      `{ fleet { handshakes(${range}) { ${fields} } }
         host(name: "bad") { handshakes(${range}) { ${fields} } } }`,
    );
    // 4,200 packets of the root of `bad` and 60 of the container, seven to a client.
    expect(fleet.handshakes).toEqual({
      accepted: String(60 * 111),
      lost: expect.closeTo(4260 / 7, 6),
      share: expect.closeTo(4260 / 7 / (6660 + 4260 / 7), 9),
      low: expect.closeTo(426 / (6660 + 426), 9),
      high: expect.closeTo(4260 / 6660, 9),
    });
    expect(host.handshakes).toMatchObject({ accepted: "600", share: expect.closeTo(0.5, 9) });
  });

  test("their loss over time, by label; null where nobody reported", async () => {
    const { fleet, none } = await ask(
      `{ fleet { handshakeLoss(range: {from: "${iso(start - 120_000)}", to: "${iso(start + 240_000)}"}, step: "2m", groupBy: ["region"]) {
           labels start step values low high } }
         none: fleet(filter: {names: ["nobody"]}) { handshakes(${range}) { ${"accepted lost share low high"} } } }`,
    );
    expect(fleet.handshakeLoss).toEqual([
      {
        labels: { region: "eu" },
        start: iso(start - 120_000),
        step: "2m",
        values: [null, expect.closeTo(0.5, 9), expect.closeTo(0.5, 9)],
        low: [null, expect.closeTo(7 / 17, 9), expect.closeTo(7 / 17, 9)],
        high: [null, 1, 1],
      },
      expect.objectContaining({ labels: { region: "us" } }),
    ]);
    expect(none.handshakes).toEqual({ accepted: null, lost: null, share: null, low: null, high: null });
  });
});

describe("trend", () => {
  test("a gauge by its last values", async () => {
    const { fleet } = await ask(
      `{ fleet { trend(counter: "CurrEstab", ${range}, step: "10m", measure: LAST, groupBy: ["region"]) { labels unit values total } } }`,
    );
    expect(fleet.trend).toEqual([
      { labels: { region: "eu" }, unit: "connections", values: [99, 100], total: null },
      { labels: { region: "us" }, unit: "connections", values: [10, 10], total: null },
    ]);
  });

  test("by a label of containers: its own before its host's, empty where neither has it", async () => {
    const { fleet } = await ask(
      `{ fleet { app: trend(counter: "ListenDrops", ${range}, measure: INCREASE, groupBy: ["app"]) { labels total }
                 team: trend(counter: "ListenDrops", ${range}, measure: INCREASE, groupBy: ["team", "region"]) { labels total } } }`,
    );
    expect(fleet.app).toEqual([
      { labels: { app: "host" }, total: "4200" },
      { labels: { app: "" }, total: "0" },
      { labels: { app: "shop" }, total: "60" },
    ]);
    expect(fleet.team).toEqual([
      { labels: { team: "", region: "eu" }, total: "4200" },
      { labels: { team: "", region: "us" }, total: "0" },
      { labels: { team: "blue", region: "us" }, total: "60" },
    ]);
  });
});

test("heatmap: the worst host first, with its course", async () => {
  const { fleet } = await ask(
    `{ fleet { heatmap(counter: "ListenDrops", range: {from: "${iso(start - 300_000)}", to: "${iso(start + 300_000)}"}, step: "5m") {
         start step rows { host { name } values } }
       one: heatmap(counter: "ListenDrops", ${range}, first: 1) { step rows { host { name } } } } }`,
  );
  expect(fleet.heatmap).toEqual({
    start: iso(start - 300_000),
    step: "5m",
    rows: [
      { host: { name: "bad" }, values: [null, 29 * 70] },
      { host: { name: "calm" }, values: [null, 29] },
    ],
  });
  expect(fleet.one).toEqual({ step: "1m", rows: [{ host: { name: "bad" } }] });
});

describe("listeners", () => {
  test("the fullest over the fleet first, in pages that follow one another", async () => {
    const page = (after: string | null) =>
      ask(
        `query ($after: String) { listeners(${range}, first: 2, after: $after) { totalCount
           edges { cursor node { id port host { name } namespace { kind } peakFill(${range}) } }
           pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
        { after },
      );
    const first = (await page(null)).listeners;
    const second = (await page(first.pageInfo.endCursor)).listeners;
    const nodes = [...first.edges, ...second.edges].map(({ node }) => node);
    expect(nodes.map(({ port, peakFill }) => [port, peakFill])).toEqual([
      [8080, 1],
      [3000, expect.closeTo(8 / 17, 9)],
      [22, expect.closeTo(1 / 129, 9)],
      [443, 0],
    ]);
    expect(nodes[1]).toMatchObject({ host: { name: "calm" }, namespace: { kind: "CONTAINER" } });
    expect([first.totalCount, first.pageInfo.hasNextPage, second.pageInfo]).toEqual([
      4,
      true,
      { hasNextPage: false, hasPreviousPage: true, endCursor: second.edges[1].cursor },
    ]);
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(4);
  });

  test.each([
    ["where: {minPeakFill: 0.4}", [8080, 3000]],
    ["where: {backlogBelowSomaxconn: true}", [8080, 22]],
    ["where: {advised: true}", [8080]],
    ["where: {advised: false}", [3000, 22, 443]],
    ["where: {port: 443}", [443]],
    [`where: {owner: "sshd"}`, [22]],
    [`where: {labels: [{name: "team", value: "blue"}]}`, [3000]],
    [`where: {labels: [{name: "app", op: RE, value: "ho.*"}]}`, [8080, 22, 443]],
    [`filter: {names: ["calm"]}`, [3000]],
    ["orderBy: HEADROOM", [8080, 3000, 22, 443]],
    ["orderBy: ATTRIBUTION", [8080, 22, 3000, 443]],
  ])("%s", async (given, ports) => {
    const { listeners } = await ask(
      `{ listeners(${range}, ${given}) { edges { node { port } } totalCount } }`,
    );
    expect(listeners.edges.map(({ node }: { node: { port: number } }) => node.port)).toEqual(ports);
    expect(listeners.totalCount).toBe(ports.length);
  });

  test("drops are put down to them by weight, with the doubt that resets of half-open connections cast", async () => {
    const { host } = await ask(
      `{ host(name: "bad") { listeners { port attribution(${range}) { drops share confidence note } } } }`,
    );
    const attributed = Object.fromEntries(
      host.listeners.map((one: { port: number; attribution: unknown }) => [one.port, one.attribution]),
    );
    expect(attributed).toEqual({
      8080: {
        drops: expect.closeTo(3600, 6),
        share: expect.closeTo(6 / 7, 9),
        confidence: expect.closeTo(1 - 300 / 4500 / 2, 9),
        note: expect.stringMatching(
          /sk_drops grew by 3600 while ListenDrops of the namespace grew by 4200; EmbryonicRsts/,
        ),
      },
      22: {
        drops: expect.closeTo(600, 6),
        share: expect.closeTo(1 / 7, 9),
        confidence: expect.closeTo((1 - 300 / 4500 / 2) / 2, 9),
        note: expect.stringMatching(/never seen over its limit/),
      },
      443: null,
    });
  });

  test("are ranked by what is put down to them", async () => {
    const { fleet } = await ask(
      `{ fleet { top(counter: "ListenDrops", ${range}, by: LISTENER) { host { name } namespace { kind } listener { port }
           increase rate shareOfFleet attribution { drops } } } }`,
    );
    expect(fleet.top).toEqual([
      {
        host: { name: "bad" },
        namespace: { kind: "ROOT" },
        listener: { port: 8080 },
        increase: null,
        rate: null,
        shareOfFleet: expect.closeTo(3600 / 4260, 9),
        attribution: { drops: expect.closeTo(3600, 6) },
      },
      expect.objectContaining({ listener: { port: 22 } }),
      expect.objectContaining({ host: { name: "calm" }, listener: { port: 3000 } }),
    ]);
  });
});

describe("what cannot be answered is told with a code and a remedy", () => {
  test.each([
    [
      `{ fleet { trend(counter: "ListenDrops", range: {last: "1h"}, measure: LAST) { values } } }`,
      "BAD_REQUEST",
      /LAST is for gauges/,
    ],
    [
      `{ fleet { trend(counter: "CurrEstab", range: {last: "1h"}) { values } } }`,
      "BAD_REQUEST",
      /with the measure LAST/,
    ],
    [
      `{ fleet { top(counter: "PassiveOpens", range: {last: "1h"}, by: LISTENER) { rate } } }`,
      "BAD_REQUEST",
      /rank by HOST or NAMESPACE/,
    ],
    [
      `{ fleet { heatmap(counter: "ListenDrops", range: {last: "30d"}, step: "1m", first: 500) { step } } }`,
      "LIMIT_EXCEEDED",
      /ask for a step of 5m or more/,
    ],
    [
      `{ fleet { handshakeLoss(range: {last: "30d"}, step: "1m") { values } } }`,
      "LIMIT_EXCEEDED",
      /ask for a step of 5m or more/,
    ],
    [
      `{ host(name: "bad") { rates(counters: ["ListenDrops"], range: {last: "1d"}, step: "1s") { values } } }`,
      "LIMIT_EXCEEDED",
      /ask for a step of/,
    ],
    [`{ listeners(after: "WzFd") { totalCount } }`, "BAD_REQUEST", /not one of listeners in this order/],
    [`{ listeners(first: 501) { totalCount } }`, "BAD_REQUEST", /0 to 500/],
    [
      `{ listeners(where: {labels: [{name: "a", op: RE, value: "("}]}) { totalCount } }`,
      "BAD_REQUEST",
      /RE2/,
    ],
  ])("%s", async (query, code, message) => {
    const { errors } = await service.graphql(query);
    expect(errors?.[0]).toMatchObject({ extensions: { code }, message: expect.stringMatching(message) });
  });
});
