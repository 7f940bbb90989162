import { describe, expect, test } from "vitest";
import { documentedCounters, findCounter } from "../../../src/catalog/catalog.ts";
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
  ["another case", "tcpextlistenoverflows", "TcpExtListenOverflows"],
  ["another case of the field", "ESTABRESETS", "TcpEstabResets"],
  ["another case of an alias", "NODE_NETSTAT_TCP_CURRESTAB", "TcpCurrEstab"],
  ["a field of a newer kernel", "TcpExtTCPNotYetInvented", "TcpExtTCPNotYetInvented"],
  ["an ICMP type not listed", "IcmpMsgInType42", "IcmpMsgInType42"],
])("finds by %s: %s", (_by, written, name) => expect(findCounter(written)?.name).toBe(name));

describe("answers null to", () => {
  test.each([
    ["a field of several groups", "InErrors"],
    ["the same in another case", "incsumerrors"],
    ["a chart of several counters", "ip.tcp_accept_queue"],
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

test("every alias leads to its entry", () => {
  for (const entry of documentedCounters()) {
    for (const alias of entry.aliases) expect(findCounter(alias)).toBe(entry);
  }
});
