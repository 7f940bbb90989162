import { expect, test } from "vitest";
import { printJson, printTable } from "../../../agent/print.ts";
import { COUNTER_MAX } from "../../../src/protocol/count.ts";
import { BOOT } from "./support/procfs.ts";

const printed = {
  name: "web-1",
  facts: { boot: BOOT, kernel: "6.18.44", arch: "x86_64", wordSize: 64 },
  uptimeMs: 941_570,
  scrape: { names: ["TcpMaxConn", "IpInReceives"], values: [null, COUNTER_MAX], failures: [] },
} as const;

test("a table has a row for each counter, and - where there is no count", () => {
  expect(printTable(printed)).toBe(
    [
      "web-1  Linux 6.18.44 x86_64  up 941.570 s  2 counters",
      "",
      "TcpMaxConn                       -",
      "IpInReceives  18446744073709551615",
      "",
    ].join("\n"),
  );
});

test("JSON carries values as the wire does", () => {
  expect(JSON.parse(printJson(printed))).toEqual({
    name: "web-1",
    boot: BOOT,
    kernel: "6.18.44",
    arch: "x86_64",
    wordSize: 64,
    uptimeMs: 941_570,
    counters: { TcpMaxConn: null, IpInReceives: "18446744073709551615" },
  });
});
