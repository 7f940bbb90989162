import { expect, test } from "vitest";
import type { Seen } from "../../../agent/look.ts";
import { printJson, printTable } from "../../../agent/print.ts";
import { COUNTER_MAX } from "../../../src/protocol/count.ts";
import type { WireListener } from "../../../src/protocol/message.ts";
import { BOOT } from "./support/procfs.ts";

const seen: Seen = {
  name: "web-1",
  labels: { role: "web" },
  facts: { boot: BOOT, kernel: "6.18.44", arch: "x86_64", wordSize: 64 },
  uptimeMs: 941_570,
  scrape: {
    names: ["TcpMaxConn", "IpInReceives", "TcpExtPruneCalled", "TcpCurrEstab", "TcpExtListenOverflows"],
    values: [null, COUNTER_MAX, 0, 7, 0],
    failures: [],
  },
  changes: [null, 12, 0, -2, 0],
  changeMs: 1_020,
  sysctls: { "net.core.somaxconn": "4096" },
  listeners: undefined,
  namespaces: [],
  capabilities: [
    { name: "listeners", available: false, reason: "there is no ss: install iproute2" },
    { name: "root", available: true },
  ],
};

const socket: WireListener = {
  address: "0.0.0.0",
  port: 80,
  inode: "7",
  acceptQueue: 5,
  peakQueue: 5,
  limit: 4,
  samplesFull: 5,
  drops: 30,
  owner: "nginx",
};

function linesOf(shown: Seen, all = false): string[] {
  return printTable(shown, all).split("\n");
}

test("what Spillway is about comes first, with unit and meaning, then what is not 0", () => {
  expect(linesOf(seen).slice(0, 8)).toEqual([
    "web-1  Linux 6.18.44 x86_64  up 941.570 s  5 counters",
    "role=web",
    "",
    "Counters; change: growth over the last 1.0 s",
    "COUNTER                               VALUE  CHANGE  UNIT         MEANING",
    expect.stringMatching(/^TcpExtListenOverflows {21}0 {7}0 {2}packets {6}Packets of a handshake, .* full$/),
    expect.stringMatching(/^TcpCurrEstab {30}7 {6}-2 {2}connections {2}Connections in state .* moment$/),
    "IpInReceives           18446744073709551615     +12  packets",
  ]);
  expect(linesOf(seen)[8]).toBe("2 more have no count or are 0: --all shows them");
});

test("--all shows every counter, and - where there is no count", () => {
  const lines = linesOf(seen, true);
  expect(lines.find((line) => line.startsWith("TcpMaxConn"))).toMatch(
    /^TcpMaxConn +- +- +connections +Greatest number/,
  );
  expect(lines.find((line) => line.startsWith("TcpExtPruneCalled"))).toMatch(/ 0 +0 /);
  expect(lines.join()).not.toContain("--all");
});

test("listeners are shown with fill, owner and advice, and ? for what cannot be seen", () => {
  const unknown = { ...socket, port: 22, acceptQueue: 0, limit: null, drops: null, uid: 0, advice: null };
  const { owner: _, ...unowned } = unknown;
  const inferred = { ...socket, port: 8080, limitInferred: true, samplesFull: 0, drops: null, advice: null };
  const sockets = [{ ...socket, advice: "Look at it." }, inferred, unowned];
  const lines = linesOf({ ...seen, listeners: { source: "ss", samples: 5, sockets } });
  expect(lines.slice(10, 16)).toEqual([
    "Listeners by ss; full: of 5 looks; drops: of the socket's whole life; ?: cannot be seen",
    "ADDRESS  PORT  QUEUE/LIMIT  FILL  FULL  DROPS  OWNER",
    "0.0.0.0    80          5/4  100%   5/5     30  nginx",
    "    Look at it.",
    "0.0.0.0  8080         5/~4  100%   0/5      ?  nginx",
    "0.0.0.0    22          0/?     ?     ?      ?  uid 0",
  ]);
});

test.each([
  [undefined, "Listeners: none could be seen"],
  [{ source: "ss", samples: 5, sockets: [] } as const, "Listeners: there are none"],
])("no listeners: %o", (listeners, words) => {
  expect(linesOf({ ...seen, listeners })).toContain(words);
});

test("what cannot be seen is said with its reason; what can is not", () => {
  const lines = linesOf(seen);
  expect(lines.slice(-3)).toEqual([
    "What cannot be seen here, and why",
    "listeners  there is no ss: install iproute2",
    "",
  ]);
  expect(printTable({ ...seen, capabilities: [] }, false)).not.toContain("cannot be seen here");
});

test("JSON has all of it, and values as the wire does", () => {
  const listeners = { source: "ss", samples: 5, sockets: [{ ...socket, advice: null }] } as const;
  expect(JSON.parse(printJson({ ...seen, listeners }))).toEqual({
    name: "web-1",
    labels: { role: "web" },
    boot: BOOT,
    kernel: "6.18.44",
    arch: "x86_64",
    wordSize: 64,
    uptimeMs: 941_570,
    counters: {
      TcpMaxConn: null,
      IpInReceives: "18446744073709551615",
      TcpExtPruneCalled: 0,
      TcpCurrEstab: 7,
      TcpExtListenOverflows: 0,
    },
    changeMs: 1_020,
    changes: {
      TcpMaxConn: null,
      IpInReceives: 12,
      TcpExtPruneCalled: 0,
      TcpCurrEstab: -2,
      TcpExtListenOverflows: 0,
    },
    sysctls: { "net.core.somaxconn": "4096" },
    listeners,
    namespaces: [],
    capabilities: seen.capabilities,
  });
  expect(JSON.parse(printJson(seen)).listeners).toBeNull();
});
