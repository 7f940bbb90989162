import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { counterEntry, knownCounters } from "../../../src/catalog/catalog.ts";
import { netstatLine } from "../../../src/catalog/netstat-lines.ts";

/**
 * What `netstat -s` of net-tools 2.10 printed on a /proc in which every field has a value of its own, from 1001 on:
 * the fields of Linux 6.18 and those of older kernels.
 */
const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/netstat-s/${name}`, import.meta.url), "utf8")
    .trim()
    .split("\n");

const fields = ["net/snmp", "net/netstat"].flatMap((file) => {
  const lines = fixture(file);
  return lines.flatMap((line, index) => {
    if (index % 2 === 1) return [];
    const [group = "", ...names] = line.split(/[: ]+/);
    const values = (lines[index + 1] ?? "").split(" ").slice(1);
    return names.map((field, at) => ({ group, field, value: values[at] ?? "" }));
  });
});

const printed = new Map(
  fixture("output.txt").flatMap((line) => {
    const value = /\b1\d{3}\b/.exec(line)?.[0];
    return value === undefined ? [] : [[value, line.trim().replace(value, "N")] as const];
  }),
);

test("the fixture has every field of the catalog, each with its own value", () => {
  expect(new Set(fields.map(({ value }) => value)).size).toBe(fields.length);
  const names = new Set(fields.map(({ group, field }) => group + field));
  const missing = [...knownCounters()].filter(({ name }) => !names.has(name)).map(({ name }) => name);
  expect(missing.filter((name) => !/^(Sockstat|IcmpMsg)/.test(name))).toEqual([]);
});

test.each(fields)("$group$field is printed as it is said to be", ({ group, field, value }) => {
  expect(netstatLine(group, field)).toBe(printed.get(value) ?? null);
});

describe("the text of an entry", () => {
  test.each([
    ["the line alone where it does not mislead", "TcpOutRsts", '"N resets sent".'],
    ["a field that it prints by its name", "TcpExtTCPReqQFullDrop", '"TCPReqQFullDrop: N".'],
    ["a field without other texts", "TcpExtTCPHPHits", '"N packet headers predicted".'],
  ])("%s", (_case, name, text) => expect(counterEntry(name).netstatText).toBe(text));

  test("says why the line misleads", () => {
    expect(counterEntry("TcpExtListenDrops").netstatText).toMatch(
      /^"N SYNs to LISTEN sockets dropped"\. Not only SYNs/,
    );
    expect(counterEntry("TcpEstabResets").netstatText).toMatch(
      /^"N connection resets received"\. Connections/,
    );
  });

  test.each(["TcpRtoMin", "TcpMaxConn", "SockstatTCPTw", "SctpCurrEstab", "TcpExtTCPNotYetInvented"])(
    "%s has none",
    (name) => expect(counterEntry(name).netstatText).toBeNull(),
  );
});
