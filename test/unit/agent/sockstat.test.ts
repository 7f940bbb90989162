import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createCapabilities } from "../../../agent/capabilities.ts";
import { scrape } from "../../../agent/collector.ts";
import { sockstat } from "../../../agent/collectors/sockstat.ts";
import { sockstat6 } from "../../../agent/collectors/sockstat6.ts";
import { ParseError } from "../../../agent/parse/paired-lines.ts";
import { parseSockstat } from "../../../agent/parse/sockstat.ts";
import { counterEntry } from "../../../src/catalog/catalog.ts";
import { COUNTER_MAX } from "../../../src/protocol/count.ts";
import { temporaryFolder } from "./support/procfs.ts";

const LINUX_6_18 = `sockets: used 72
TCP: inuse 31 orphan 0 tw 16 alloc 33 mem 77
UDP: inuse 2 mem 1
UDPLITE: inuse 0
RAW: inuse 0
FRAG: inuse 0 memory 0
`;
const LINUX_6_18_IPV6 = `TCP6: inuse 1
UDP6: inuse 0
UDPLITE6: inuse 0
RAW6: inuse 0
FRAG6: inuse 0 memory 0
`;

function read(text: string, group: "Sockstat" | "Sockstat6" = "Sockstat") {
  const { names, values } = parseSockstat(text, group, "net/sockstat");
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

test("a real sockstat is read under names of one scheme", () => {
  expect(read(LINUX_6_18)).toEqual({
    SockstatSocketsUsed: 72,
    SockstatTCPInuse: 31,
    SockstatTCPOrphan: 0,
    SockstatTCPTw: 16,
    SockstatTCPAlloc: 33,
    SockstatTCPMem: 77,
    SockstatUDPInuse: 2,
    SockstatUDPMem: 1,
    SockstatUDPLITEInuse: 0,
    SockstatRAWInuse: 0,
    SockstatFRAGInuse: 0,
    SockstatFRAGMemory: 0,
  });
  expect(read(LINUX_6_18_IPV6, "Sockstat6")).toEqual({
    Sockstat6TCP6Inuse: 1,
    Sockstat6UDP6Inuse: 0,
    Sockstat6UDPLITE6Inuse: 0,
    Sockstat6RAW6Inuse: 0,
    Sockstat6FRAG6Inuse: 0,
    Sockstat6FRAG6Memory: 0,
  });
});

test("every field of both is a gauge with a unit", () => {
  for (const name of [...Object.keys(read(LINUX_6_18)), ...Object.keys(read(LINUX_6_18_IPV6, "Sockstat6"))]) {
    expect(counterEntry(name), name).toMatchObject({ kind: "GAUGE" });
    expect(counterEntry(name).unit, name).not.toBe("units");
  }
});

test.each<[string, string, Record<string, unknown>]>([
  ["an empty file", "", {}],
  [
    "an old kernel with fewer fields",
    "TCP: inuse 1 orphan 0\n",
    { SockstatTCPInuse: 1, SockstatTCPOrphan: 0 },
  ],
  ["a protocol without fields", "TCP:\nUDP: inuse 1\n", { SockstatUDPInuse: 1 }],
  ["a protocol of a later kernel", "SMC: inuse 4\n", { SockstatSMCInuse: 4 }],
  ["a negative number is absent", "TCP: inuse 1 mem -1\n", { SockstatTCPInuse: 1, SockstatTCPMem: null }],
  ["a u64 at its top", `TCP: mem ${COUNTER_MAX}\n`, { SockstatTCPMem: COUNTER_MAX }],
])("%s", (_case, text, expected) => expect(read(text)).toEqual(expected));

test.each([
  ["a cut last line", "TCP: inuse 3", "its last line is cut off"],
  ["a name without a value", "TCP: inuse\n", "group TCP (1 names, 0 values): every name needs one value"],
  ["a value that is none", "TCP: inuse many\n", 'inuse is "many", not an integer'],
  ["more than 64 bits", "TCP: mem 18446744073709551616\n", "not an integer from 0 to 2^64-1"],
  ["no protocol", "inuse 3\n", 'expected "protocol: name value ..."'],
])("%s is an error that names the file", (_case, text, why) => {
  expect(() => read(text)).toThrow(ParseError);
  expect(() => read(text)).toThrow(why);
  expect(() => read(text)).toThrow("net/sockstat");
});

test("changed and cut texts give readings or a ParseError, nothing else", () => {
  const text = `${LINUX_6_18}${LINUX_6_18_IPV6}`;
  let seed = 12345;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let i = 0; i < 2_000; i += 1) {
    const at = random(text.length);
    const mutant = text.slice(0, at) + String.fromCharCode(random(128)) + text.slice(at + random(4));
    try {
      const { names, values } = parseSockstat(mutant, "Sockstat", "x");
      expect(values).toHaveLength(names.length);
    } catch (error) {
      expect(error).toBeInstanceOf(ParseError);
    }
  }
});

test("with IPv6 off, sockstat6 is no data: a capability with its reason, and no failure", () => {
  const netDir = temporaryFolder(onTestFinished);
  mkdirSync(netDir, { recursive: true });
  writeFileSync(join(netDir, "sockstat"), LINUX_6_18);
  const capabilities = createCapabilities();
  const { names, failures } = scrape([sockstat, sockstat6], { netDir }, capabilities);
  expect([names.length, failures]).toEqual([12, []]);
  expect(capabilities.list()).toEqual([
    { name: "collector.sockstat", available: true },
    {
      name: "collector.sockstat6",
      available: false,
      reason: "there is no net/sockstat6: IPv6 is off in this kernel",
    },
  ]);
});

test("a source that fails is a capability with what went wrong", () => {
  const netDir = temporaryFolder(onTestFinished);
  writeFileSync(join(netDir, "sockstat"), "TCP: inuse 3");
  const capabilities = createCapabilities();
  expect(scrape([sockstat], { netDir }, capabilities).failures).toHaveLength(1);
  expect(capabilities.list()[0]).toMatchObject({
    available: false,
    reason: expect.stringContaining("its last line is cut off"),
  });
});
