import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ambiguousCounters,
  counterEntry,
  findCounter,
  isGauge,
  knownCounters,
} from "../../../src/catalog/catalog.ts";
import { fullNames, LINUX_6_18_NETSTAT, LINUX_6_18_SNMP } from "./proc-headers.ts";

test.each([
  ["the full name", "TcpExtListenOverflows", "TcpExtListenOverflows"],
  ["the field alone", "ListenOverflows", "TcpExtListenOverflows"],
  ["the field alone, without texts", "TCPReqQFullDoCookies", "TcpExtTCPReqQFullDoCookies"],
  ["the field alone, which begins like a group", "TcpTimeoutRehash", "TcpExtTcpTimeoutRehash"],
  ["node_exporter", "node_netstat_TcpExt_ListenOverflows", "TcpExtListenOverflows"],
  ["Datadog", "system.net.tcp.listen_overflows", "TcpExtListenOverflows"],
  ["Datadog, a name of its own", "system.net.tcp.current_established", "TcpCurrEstab"],
  ["Telegraf", "nstat.TcpExtListenDrops", "TcpExtListenDrops"],
  ["collectd", "protocols-TcpExt/protocol_counter-ListenDrops", "TcpExtListenDrops"],
  ["cAdvisor", 'container_network_advance_tcp_stats_total{tcp_state="listendrops"}', "TcpExtListenDrops"],
  ["Netdata, chart and dimension", "ip.tcp_accept_queue.ListenDrops", "TcpExtListenDrops"],
  ["Netdata, the dimension by its shorter name", "ip.tcp_accept_queue.overflows", "TcpExtListenOverflows"],
  ["Netdata, a chart of one counter", "ip.tcpsock", "TcpCurrEstab"],
  ["Datadog, as a count", "system.net.tcp.listen_drops.count", "TcpExtListenDrops"],
  [
    "Datadog, a name of its own for another group",
    "system.net.ip.reverse_path_filter",
    "TcpExtIPReversePathFilter",
  ],
  ["node_exporter, without texts", "node_netstat_TcpExt_TCPHPHits", "TcpExtTCPHPHits"],
  ["a field of an old kernel", "TCPFACKReorder", "TcpExtTCPFACKReorder"],
  ["another case", "tcpextlistenoverflows", "TcpExtListenOverflows"],
  ["another case of the field", "ESTABRESETS", "TcpEstabResets"],
  ["another case of an alias", "NODE_NETSTAT_TCP_CURRESTAB", "TcpCurrEstab"],
  ["a field of a newer kernel", "TcpExtTCPNotYetInvented", "TcpExtTCPNotYetInvented"],
  ["an ICMP type not listed", "IcmpMsgInType42", "IcmpMsgInType42"],
])("finds by %s: %s", (_by, written, name) => expect(findCounter(written)?.name).toBe(name));

describe("a name of several counters", () => {
  test.each([
    ["a field of several groups", "InErrors", ["UdpLiteInErrors", "UdpInErrors", "IcmpInErrors"]],
    [
      "the same in another case",
      "incsumerrors",
      ["TcpInCsumErrors", "UdpLiteInCsumErrors", "UdpInCsumErrors", "IcmpInCsumErrors", "IpExtInCsumErrors"],
    ],
    ["a chart", "ip.tcp_accept_queue", ["TcpExtListenOverflows", "TcpExtListenDrops"]],
  ])("%s: %s", (_what, written, names) => {
    expect(findCounter(written)).toBeNull();
    expect(ambiguousCounters(written)).toEqual(names);
  });

  test("is one only where nothing is that exact name: the letters as written come first", () => {
    expect(ambiguousCounters("ListenDrops")).toEqual([]);
    expect(ambiguousCounters("SctpCurrEstab")).toEqual([]);
    expect(ambiguousCounters("")).toEqual([]);
  });
});

describe("answers null to", () => {
  test.each([
    ["a name of no known group", "SctpCurrEstab"],
    ["nothing", ""],
    ["a group", "TcpExt"],
    ["a property of every object", "constructor"],
  ])("%s: %j", (_what, written) => expect(findCounter(written)).toBeNull());
});

test("finds every counter of a real kernel by its full name", () => {
  for (const name of [...fullNames(LINUX_6_18_SNMP), ...fullNames(LINUX_6_18_NETSTAT)]) {
    expect(findCounter(name)?.name).toBe(name);
    expect(findCounter(name.toLowerCase())?.name).toBe(name);
  }
});

describe("aliases", () => {
  const known = [...knownCounters()];
  const aliases = known.flatMap((entry) => entry.aliases.map((alias) => ({ alias, entry })));

  test("lead to their own counter, as written and in any case", () => {
    expect(aliases.length).toBeGreaterThan(1_000);
    fc.assert(
      fc.property(fc.constantFrom(...aliases), fc.infiniteStream(fc.boolean()), ({ alias, entry }, upper) => {
        expect(findCounter(alias)).toBe(entry);
        const other = [...alias].map((letter) =>
          upper.next().value ? letter.toUpperCase() : letter.toLowerCase(),
        );
        expect(findCounter(other.join(""))).toBe(entry);
      }),
      { numRuns: 2_000 },
    );
  });

  test("are no other counter's, in any case", () => {
    const written = known.flatMap((entry) => [entry.name, ...entry.aliases]);
    expect(new Set(written.map((name) => name.toLowerCase())).size).toBe(written.length);
  });

  test("are those that every tool has, and the chosen ones where a tool exports it", () => {
    expect(counterEntry("TcpExtListenDrops").aliases).toEqual([
      "node_netstat_TcpExt_ListenDrops",
      "nstat.TcpExtListenDrops",
      "protocols-TcpExt/protocol_counter-ListenDrops",
      "system.net.tcp.listen_drops",
      "system.net.tcp.listen_drops.count",
      "ip.tcp_accept_queue.ListenDrops",
      "ip.tcp_accept_queue.drops",
      'container_network_advance_tcp_stats_total{tcp_state="listendrops"}',
    ]);
    expect(counterEntry("TcpExtTCPHPHits").aliases).not.toContain("system.net.tcp.hp_hits");
    expect(counterEntry("SockstatTCPTw").aliases).toEqual([]);
  });

  test("of a gauge are no counts", () => {
    const gauges = known.filter(({ name }) => isGauge(name));
    expect(gauges.flatMap((entry) => entry.aliases).filter((alias) => alias.endsWith(".count"))).toEqual([]);
  });
});
