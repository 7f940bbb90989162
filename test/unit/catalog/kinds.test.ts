import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  counterEntry,
  isConstant,
  isEventCounter,
  isGauge,
  splitCounterName,
} from "../../../src/catalog/catalog.ts";
import { fullNames, LINUX_6_18_NETSTAT, LINUX_6_18_SNMP } from "./proc-headers.ts";

const onThisKernel = [...fullNames(LINUX_6_18_SNMP), ...fullNames(LINUX_6_18_NETSTAT)];

describe("the names of a real kernel", () => {
  test("all have a group, a field, a kind and a unit", () => {
    expect(onThisKernel.length).toBeGreaterThan(300);
    for (const name of onThisKernel) {
      const entry = counterEntry(name);
      expect(entry.group + entry.field).toBe(name);
      expect(["COUNTER", "GAUGE"], name).toContain(entry.kind);
      expect(entry.unit, name).not.toBe("units");
    }
  });

  test("are split where /proc splits them", () => {
    for (const line of `${LINUX_6_18_SNMP}${LINUX_6_18_NETSTAT}`.trim().split(/\n+/)) {
      const [group = "", ...fields] = line.split(/[: ]+/);
      for (const field of fields) expect(splitCounterName(group + field)).toEqual({ group, field });
    }
  });

  test("are counters but for the open connections and the constants", () => {
    expect(onThisKernel.filter(isGauge)).toEqual([
      "IpForwarding",
      "IpDefaultTTL",
      "TcpRtoAlgorithm",
      "TcpRtoMin",
      "TcpRtoMax",
      "TcpMaxConn",
      "TcpCurrEstab",
      "MPTcpExtMPCurrEstab",
    ]);
    for (const name of onThisKernel) {
      expect(counterEntry(name).kind).toBe(isGauge(name) ? "GAUGE" : "COUNTER");
    }
  });

  test("are constants but for the numbers of open connections, where they are no counters", () => {
    expect(onThisKernel.filter((name) => isGauge(name) && !isConstant(name))).toEqual([
      "TcpCurrEstab",
      "MPTcpExtMPCurrEstab",
    ]);
    expect(onThisKernel.filter((name) => isConstant(name) && !isGauge(name))).toEqual([]);
  });

  test("include every event counter, and no gauge is one", () => {
    const events = onThisKernel.filter(isEventCounter);
    expect(events).toHaveLength(19);
    expect(events.filter(isGauge)).toEqual([]);
    expect(events.every((name) => counterEntry(name).event)).toBe(true);
  });
});

describe("every name of", () => {
  const fixtures = new URL("../../fixtures/proc/", import.meta.url);
  // The line of one of them is cut within a name.
  const whole = readdirSync(fixtures).filter((kernel) => kernel !== "truncated");
  const sources = whole.flatMap((kernel) =>
    ["snmp", "netstat"].map(
      (file) => [`${kernel} ${file}`, new URL(`${kernel}/net/${file}`, fixtures)] as const,
    ),
  );

  const ofThisKernel = ["snmp", "netstat"]
    .map((file) => [`this kernel's ${file}`, new URL(`file:///proc/net/${file}`)] as const)
    .filter(([, file]) => existsSync(file));

  test.each([...sources, ...ofThisKernel])("%s has a kind and a unit", (_source, file) => {
    const headers = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => /^\w+: [A-Za-z]/.test(line));
    const names = fullNames(headers.join("\n")).filter((name) => name !== "");
    const unknown = names.filter((name) => counterEntry(name).kind === "UNKNOWN");
    expect(unknown, "kernels print more than src/catalog/fields.ts lists").toEqual([]);
    expect(names.filter((name) => counterEntry(name).unit === "units")).toEqual([]);
  });
});

test.each([
  ["TcpExtTCPReqQFullDrop", "packets"],
  ["TcpExtTCPAbortOnMemory", "connections"],
  ["TcpExtTCPMemoryPressuresChrono", "milliseconds"],
  ["TcpExtTCPTimeouts", "events"],
  ["TcpExtTW", "sockets"],
  ["TcpRetransSegs", "segments"],
  ["IpExtInOctets", "bytes"],
  ["IpExtInNoRoutes", "packets"],
  ["UdpRcvbufErrors", "datagrams"],
])("%s counts %s", (name, unit) => expect(counterEntry(name).unit).toBe(unit));

test.each([
  ["SockstatTCPMem", "Sockstat", "pages"],
  ["SockstatTCPOrphan", "Sockstat", "sockets"],
  ["SockstatFRAGMemory", "Sockstat", "bytes"],
  ["Sockstat6TCP6Inuse", "Sockstat6", "sockets"],
  ["SockstatNotYetInvented", "Sockstat", "sockets"],
])("%s is a gauge, as every field of %s, in %s", (name, group, unit) => {
  expect(counterEntry(name)).toMatchObject({ group, unit, kind: "GAUGE" });
  expect(isGauge(name)).toBe(true);
});

test.each([
  ["TcpEstabResets", "clients that close early move it on a healthy host"],
  ["TcpExtTCPDeferAcceptDrop", "each healthy connection moves it where the option is set"],
  ["TcpExtTCPSynRetrans", "some packets are always lost"],
  ["TcpExtTCPZeroWindowDrop", "flow control"],
  ["TcpExtTCPAbortOnLinger", "asked for by the application"],
])("%s is not an event counter: %s", (name) => {
  expect(isEventCounter(name)).toBe(false);
});

describe("splitting a full name", () => {
  test.each([
    ["TcpExtListenDrops", "TcpExt", "ListenDrops"],
    ["TcpActiveOpens", "Tcp", "ActiveOpens"],
    ["TcpExtTcpTimeoutRehash", "TcpExt", "TcpTimeoutRehash"],
    ["MPTcpExtMPCurrEstab", "MPTcpExt", "MPCurrEstab"],
    ["IcmpMsgInType3", "IcmpMsg", "InType3"],
    ["IcmpInMsgs", "Icmp", "InMsgs"],
    ["UdpLiteInErrors", "UdpLite", "InErrors"],
    ["UdpInErrors", "Udp", "InErrors"],
    ["IpExtInOctets", "IpExt", "InOctets"],
    ["IpInReceives", "Ip", "InReceives"],
    ["SockstatTCPInuse", "Sockstat", "TCPInuse"],
    ["Sockstat6TCP6Inuse", "Sockstat6", "TCP6Inuse"],
  ])("%s is of %s", (name, group, field) => expect(splitCounterName(name)).toEqual({ group, field }));

  test.each(["Ip6InReceives", "Udp6InErrors", "SctpCurrEstab", "TcpExt", "Tcp", "", "tcp.rate"])(
    "%j has no known group",
    (name) => expect(splitCounterName(name)).toEqual({ group: "", field: name }),
  );
});

describe("a name the catalog has never seen", () => {
  test("of a known group is of kind UNKNOWN, without texts", () => {
    expect(counterEntry("TcpExtTCPNotYetInvented")).toEqual({
      name: "TcpExtTCPNotYetInvented",
      group: "TcpExt",
      field: "TCPNotYetInvented",
      kind: "UNKNOWN",
      unit: "events",
      event: false,
      aliases: [],
      meaning: null,
      incrementedBy: [],
      implies: null,
      remedy: null,
      netstatText: null,
      caveats: [],
    });
  });

  test.each([
    ["IcmpMsgInType42", "COUNTER"],
    ["IcmpMsgInType", "UNKNOWN"],
    ["SockstatNotYetInvented", "GAUGE"],
  ])("%s follows a rule of its group: %s", (name, kind) => expect(counterEntry(name).kind).toBe(kind));

  test("of no known group is kept under its name, its kind unknown", () => {
    expect(counterEntry("SctpCurrEstab")).toMatchObject({
      name: "SctpCurrEstab",
      group: "",
      field: "SctpCurrEstab",
      kind: "UNKNOWN",
      unit: "units",
      meaning: null,
    });
  });

  test("is not mistaken for a property of an object", () => {
    for (const name of ["constructor", "__proto__", "toString"]) {
      expect(counterEntry(name)).toMatchObject({ name, kind: "UNKNOWN" });
    }
  });
});
