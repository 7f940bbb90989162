import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ParseError, parsePairedLines } from "../../../agent/parse/paired-lines.ts";
import { COUNTER_MAX } from "../../../src/protocol/count.ts";
import { fixtureNetDir } from "./support/procfs.ts";

function readFixture(kernel: string, file: string): Map<string, unknown> {
  const path = join(fixtureNetDir(kernel), file);
  const { names, values } = parsePairedLines(readFileSync(path, "utf8"), path);
  expect(values).toHaveLength(names.length);
  return new Map(names.map((name, i) => [name, values[i]]));
}

test.each([
  ["the group and the field make the name", "6.18.44", "netstat", "TcpExtListenOverflows", 0],
  ["a group without an extension", "6.18.44", "snmp", "TcpCurrEstab", 8],
  ["a group this agent has never heard of", "6.18.44", "netstat", "MPTcpExtMPCurrEstab", 0],
  ["a field named like its group", "6.18.44", "netstat", "TcpExtTcpTimeoutRehash", 2],
  ["ICMP types seen so far", "6.18.44", "snmp", "IcmpMsgInType3", 1],
  ["a sentinel is absent", "6.18.44", "snmp", "TcpMaxConn", null],
  ["an old kernel's counter", "2.6.32", "netstat", "TcpExtListenOverflows", 1_843],
  ["an old kernel's field that is gone since", "2.6.32", "netstat", "TcpExtTCPPrequeued", 55_102],
  [
    "an old kernel lacks what came later: absent, not 0",
    "2.6.32",
    "netstat",
    "TcpExtTCPReqQFullDrop",
    undefined,
  ],
  ["a counter above 2^32", "2.6.32", "snmp", "TcpInSegs", 4_294_967_301],
  ["the largest counter keeps its digits", "near-2-64", "netstat", "TcpExtListenOverflows", COUNTER_MAX],
  ["one below the largest", "near-2-64", "netstat", "TcpExtListenDrops", COUNTER_MAX - 1n],
  ["the largest safe number stays a number", "near-2-64", "netstat", "TcpExtTCPTimeouts", 2 ** 53 - 1],
  ["above it is a bigint", "near-2-64", "netstat", "TcpExtSyncookiesSent", 2n ** 53n],
])("%s: %s %s %s", (_case, kernel, file, name, expected) => {
  expect(readFixture(kernel, file).get(name)).toStrictEqual(expected);
});

test.each([
  ["6.18.44", "snmp", 83],
  ["6.18.44", "netstat", 229],
  ["2.6.32", "snmp", 74],
  ["2.6.32", "netstat", 89],
  ["empty", "snmp", 0],
])("kernel %s prints in %s as many counters as %d", (kernel, file, count) => {
  expect(readFixture(kernel, file).size).toBe(count);
});

test.each([
  ["names without values", "Tcp: A B\nTcp:\n", { group: "Tcp", names: 2, values: 0 }],
  ["a value too few", "TcpExt: A B C\nTcpExt: 1 2\n", { group: "TcpExt", names: 3, values: 2 }],
  ["a value too many", "TcpExt: A\nTcpExt: 1 2\n", { group: "TcpExt", names: 1, values: 2 }],
  ["values of another group", "Tcp: A\nUdp: 1\n", { group: "Tcp", names: 1, values: 0 }],
  ["a last line of names", "Tcp: A\nTcp: 1\nUdp: B C\n", { group: "Udp", names: 2, values: 0 }],
  ["a value cut off", "Tcp: A B\nTcp: 1 23", { group: "Tcp", names: 2, values: 2 }],
  ["names cut off", "Tcp: A B", { group: "Tcp", names: 2, values: 0 }],
  ["a line without a group", "A B\n1 2\n", { group: null }],
  ["an empty line", "\n\n", { group: null }],
  ["a value above 2^64-1", "Tcp: A B\nTcp: 1 18446744073709551616\n", { group: "Tcp", names: 2, values: 2 }],
  ["a value with a fraction", "Tcp: A\nTcp: 1.5\n", { group: "Tcp", names: 1, values: 1 }],
  ["a value that is a word", "Tcp: A\nTcp: many\n", { group: "Tcp", names: 1, values: 1 }],
])("%s is an error that names the file, the group and both counts", (_case, text, fault) => {
  const error = errorOf(() => parsePairedLines(text, "/proc/net/snmp"));
  expect(error).toBeInstanceOf(ParseError);
  expect(error).toMatchObject({ file: "/proc/net/snmp", ...fault });
  expect(error.message).toContain("/proc/net/snmp");
});

test.each([
  ["names-without-values", "netstat", "group TcpExt (135 names, 0 values)"],
  ["names-without-values", "snmp", "group Tcp (3 names, 0 values)"],
  ["truncated", "netstat", "its last line is cut off"],
  ["truncated", "snmp", "its last line is cut off"],
])("fixture %s: %s is refused: %s", (kernel, file, words) => {
  expect(errorOf(() => readFixture(kernel, file)).message).toContain(words);
});

test("the message quotes what was found", () => {
  const error = errorOf(() => parsePairedLines("Tcp: InSegs\nTcp: 99999999999999999999\n", "/proc/net/snmp"));
  expect(error.message).toBe(
    'cannot read /proc/net/snmp: group Tcp (1 names, 1 values): TcpInSegs is "99999999999999999999", not an integer from 0 to 2^64-1',
  );
});

test("any text gives readings or a ParseError that names the file", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "Tcp:",
      "Tcp: ",
      "TcpExt: A B\n",
      "TcpExt: 1 2\n",
      "\n",
      " ",
      ":",
      "-1",
      "18446744073709551615",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      try {
        const { names, values } = parsePairedLines(pieces.join(""), "the-file");
        expect(values).toHaveLength(names.length);
        for (const value of values) expect(value === null || value >= 0).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(ParseError);
        expect(String(error)).toContain("the-file");
      }
    }),
    { numRuns: 2_000 },
  );
});

test("whatever the kernel prints is read back exactly", () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,20}$/);
  const field = fc.tuple(name, fc.bigInt({ min: -1n, max: COUNTER_MAX }));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.array(field))), (groups) => {
      const text = groups
        .map(([group, fields]) => {
          const line = (values: readonly unknown[]) => [`${group}:`, ...values].join(" ");
          return `${line(fields.map(([key]) => key))}\n${line(fields.map(([, value]) => value))}\n`;
        })
        .join("");
      const { names, values } = parsePairedLines(text, "f");
      expect(names).toEqual(groups.flatMap(([group, fields]) => fields.map(([key]) => `${group}${key}`)));
      expect(values.map((value) => (value === null ? -1n : BigInt(value)))).toEqual(
        groups.flatMap(([, fields]) => fields.map(([, value]) => value)),
      );
    }),
  );
});

function errorOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("expected an error");
}

test.each([
  ["no blank after the colon", "Tcp:A B\nTcp:1 2\n"],
  ["more blanks than one", "Tcp:  A   B \nTcp: 1  2 \n"],
])("blanks do not matter: %s", (_case, text) => {
  expect(parsePairedLines(text, "f")).toEqual({ names: ["TcpA", "TcpB"], values: [1, 2] });
});
