/** The counter catalog as the API serves it, and the way of a counter that it does not list. */
import { beforeAll, describe, expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService();

const found = async (args: string): Promise<string[]> => {
  const { data } = await service.graphql(`{ counters(${args}) { name } }`);
  return data.counters.map(({ name }: { name: string }) => name);
};

test("a counter is explained by any of its names", async () => {
  const { data } = await service.graphql(
    `{ counter(name: "node_netstat_TcpExt_ListenOverflows") {
       name aliases group kind unit meaning implies remedy netstatText caveats incrementedBy { function file when since } } }`,
  );
  expect(data.counter).toMatchObject({
    name: "TcpExtListenOverflows",
    group: "TcpExt",
    kind: "COUNTER",
    unit: "packets",
    aliases: expect.arrayContaining(["system.net.tcp.listen_overflows", "ip.tcp_accept_queue.overflows"]),
    netstatText: expect.stringMatching(/^"N times the listen queue of a socket overflowed"\. /),
  });
  expect(data.counter.incrementedBy.map((site: { function: string }) => site.function)).toContain(
    "tcp_conn_request",
  );
});

test("every counter that the catalog lists is there before any host has sent it, with a kind", async () => {
  const { data } = await service.graphql(
    `{ counters { name kind meaning } tcpExt: counters(group: "TcpExt") { name } counter(name: "TCPHPHits") { kind } }`,
  );
  const kinds = new Map(data.counters.map(({ name, kind }: { name: string; kind: string }) => [name, kind]));
  expect([...kinds.values()]).not.toContain("UNKNOWN");
  expect([kinds.get("TcpCurrEstab"), kinds.get("TcpMaxConn"), kinds.get("TcpInSegs")]).toEqual([
    "GAUGE",
    "GAUGE",
    "COUNTER",
  ]);
  expect(data.tcpExt.length).toBeGreaterThan(130);
  expect(
    data.counters.filter(({ meaning }: { meaning: unknown }) => meaning !== null).length,
  ).toBeGreaterThan(60);
  expect(data.counter).toEqual({ kind: "COUNTER" });
});

describe("counters are found by", () => {
  test.each([
    ["name, in any case", "reqqfulldrop", "TcpExtTCPReqQFullDrop"],
    ["alias", "system.net.tcp.tw_reused", "TcpExtTWRecycled"],
    ["meaning", "wants data first", "TcpExtTCPDeferAcceptDrop"],
    ["the line of netstat -s", "packet headers predicted", "TcpExtTCPHPHits"],
    ["why that line misleads", "the queue of one open connection", "TcpExtTCPBacklogDrop"],
  ])("%s", async (_by, search, name) => expect(await found(`search: "${search}"`)).toContain(name));

  test("group, and both at once", async () => {
    expect(await found(`group: "Tcp", search: "resets"`)).toEqual(["TcpEstabResets", "TcpOutRsts"]);
    expect(await found(`group: "Sctp"`)).toEqual([]);
    expect(await found(`search: "no such text anywhere"`)).toEqual([]);
  });
});

test.each([
  ["counter", `{ counter(name: "InErrors") { name } }`],
  ["trend", `{ fleet { trend(counter: "InErrors", range: {last: "1h"}) { total } } }`],
])("%s: a name of several counters is an error that lists them", async (_field, query) => {
  const { errors } = await service.graphql(query);
  expect(errors?.[0]).toMatchObject({
    message: '"InErrors" is a name of 3 counters: ask for one of UdpLiteInErrors, UdpInErrors, IcmpInErrors',
    extensions: { code: "CONFLICT" },
  });
});

test("a listed counter that no host has sent has an empty trend, and an unheard-of one is an error", async () => {
  const trend = (name: string) =>
    service.graphql(
      `{ fleet { trend(counter: "${name}", range: {last: "10m"}, step: "5m") { counter total values } } }`,
    );
  const { data } = await trend("TCPPLBRehash");
  expect(data.fleet.trend).toMatchObject([{ counter: "TcpExtTCPPLBRehash", total: null }]);
  expect((await trend("TcpExtTCPNeverHeardOf")).errors?.[0]).toMatchObject({
    message: expect.stringMatching(/no counter "TcpExtTCPNeverHeardOf": no host has sent/),
    extensions: { code: "NOT_FOUND" },
  });
});

describe("counters that the catalog does not list", () => {
  const names = ["TcpExtTCPFromTheFuture", "QuicExtHandshakes"];
  // The range is one whole step of three minutes, and steps are cut by the clock.
  const minute = Math.floor(Date.now() / 180_000) * 180_000 - 8 * 60_000;
  const from = new Date(minute - 60_000).toISOString();
  const range = `range: {from: "${from}", to: "${new Date(minute + 120_000).toISOString()}"}, step: "3m"`;

  beforeAll(async () => {
    const host = new TestHost({ name: "future", names });
    const snapshots = Array.from({ length: 7 }, (_, tick) =>
      host.snapshot(minute + tick * 10_000, [100 + tick * 20, 5 + tick]),
    );
    const { results } = await service.pushed(push(host.section(snapshots)));
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["stored"]));
    // The fleet is looked at once a second: a host that is new is in the next look.
    await waitFor("the host", async () => {
      const { data } = await service.graphql(`{ host(name: "future") { id } }`);
      return data.host !== null;
    });
  });

  test("are served as of kind UNKNOWN, with what their names tell, and found by a search", async () => {
    const { data } = await service.graphql(
      `{ known: counter(name: "${names[0]}") { name group kind unit meaning caveats netstatText aliases }
         strange: counter(name: "${names[1]}") { name group kind unit } }`,
    );
    expect(data).toEqual({
      known: {
        name: names[0],
        group: "TcpExt",
        kind: "UNKNOWN",
        unit: "events",
        meaning: null,
        caveats: [],
        netstatText: null,
        aliases: [],
      },
      strange: { name: names[1], group: "", kind: "UNKNOWN", unit: "units" },
    });
    expect(await found(`search: "fromthefuture"`)).toEqual([names[0]]);
    expect(await found(`search: "quicext"`)).toEqual([names[1]]);
    expect(await found(`group: ""`)).toContain(names[1]);
  });

  test("have their newest values", async () => {
    const { data } = await service.graphql(
      `{ host(name: "future") { latest { counter { name kind } value } one: latest(counters: ["${names[1]}"]) { value } } }`,
    );
    expect(data.host.latest).toEqual([
      { counter: { name: names[0], kind: "UNKNOWN" }, value: "220" },
      { counter: { name: names[1], kind: "UNKNOWN" }, value: "11" },
    ]);
    expect(data.host.one).toEqual([{ value: "11" }]);
  });

  test("have rates, increases and trends, as counters do", async () => {
    const asked = names.map((name) => `"${name}"`).join(", ");
    const { data } = await service.graphql(
      `{ host(name: "future") { rates(counters: [${asked}], ${range}) { counter unit values total }
           increase(counter: "${names[0]}", range: {from: "${from}"}) } }`,
    );
    expect(data.host.rates).toEqual([
      { counter: names[0], unit: "events/s", values: [expect.closeTo(2, 6)], total: "120" },
      { counter: names[1], unit: "units/s", values: [expect.closeTo(0.1, 6)], total: "6" },
    ]);
    expect(data.host.increase).toBe("120");
    await waitFor("the rollups", async () => {
      const answer = await service.graphql(
        `{ fleet { trend(counter: "${names[0]}", ${range}, measure: INCREASE) { values total } } }`,
      );
      return answer.data.fleet.trend[0].total === "120";
    });
  });

  test("are no gauges: LAST is refused, with what to ask for", async () => {
    const { errors } = await service.graphql(
      `{ fleet { trend(counter: "${names[0]}", ${range}, measure: LAST) { values } } }`,
    );
    expect(errors?.[0]).toMatchObject({
      message: `${names[0]} is not known to be a gauge: LAST is for gauges; ask for its RATE or INCREASE, or a host for its \`latest\` value`,
      extensions: { code: "BAD_REQUEST" },
    });
  });
});
