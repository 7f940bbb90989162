import { type AddressInfo, createServer } from "node:net";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseDiag } from "../../../../agent/listeners/parse-diag.ts";
import { parseProcTcp } from "../../../../agent/listeners/parse-proc-tcp.ts";
import { readProcTcp } from "../../../../agent/listeners/read-proc-tcp.ts";
import { ListenerParseError } from "../../../../agent/listeners/seen.ts";
import { fixture, fixtureBytes } from "./fixtures.ts";

const V4 = fixture("proc-net-tcp.txt");
const V6 = fixture("proc-net-tcp6.txt");

function line(
  address: string,
  rest = "0A 00000000:00000003 00:00000000 00000000  1000        0 77 1 0 100 0 0 10 0",
) {
  const peer = "0".repeat(address.length);
  return `   0: ${address}:0050 ${peer}:0000 ${rest}\n`;
}

test("the listeners of a real kernel, as tcp_diag tells them of the same moment", () => {
  const byInode = (a: { inode: string }, b: { inode: string }) => a.inode.localeCompare(b.inode);
  const seen = [...parseProcTcp(V4, "tcp"), ...parseProcTcp(V6, "tcp6")].sort(byInode);
  const byDiag = [...parseDiag(fixtureBytes("iproute2-6.1.diag")).sockets].sort(byInode);
  expect(seen).toEqual(
    byDiag.map(({ address, port, inode, acceptQueue, uid }) => ({
      address,
      port,
      inode,
      acceptQueue,
      limit: null,
      drops: null,
      uid,
    })),
  );
});

describe("addresses, as inet_ntop writes them", () => {
  test.each([
    ["0100007F", "127.0.0.1"],
    ["00000000", "0.0.0.0"],
    ["00000000000000000000000000000000", "::"],
    ["00000000000000000000000001000000", "::1"],
    ["0000000000000000FFFF00000100007F", "::ffff:127.0.0.1"],
    ["0000000000000000000000000100007F", "::127.0.0.1"],
    ["B80D01200000000000000000010000AB", "2001:db8::ab00:1"],
    ["B80D0120010000000100000001000000", "2001:db8:0:1:0:1:0:1"],
    ["000080FE0000000000000000FFFFFFFF", "fe80::ffff:ffff"],
    ["B80D0120000001000000000002000100", "2001:db8:1::1:2"],
    ["B80D0120020001000400030006000500", "2001:db8:1:2:3:4:5:6"],
  ])("%s is %s", (words, address) => {
    expect(parseProcTcp(line(words), "tcp")).toMatchObject([
      { address, port: 80, acceptQueue: 3, uid: 1_000 },
    ]);
  });

  test("on a big-endian machine the words are in the order of the wire", () => {
    expect(parseProcTcp(line("7F000001"), "tcp", false)).toMatchObject([{ address: "127.0.0.1" }]);
  });
});

test.each([
  ["a line cut off", line("0100007F").trimEnd(), 1],
  ["words", "nothing here\n", 1],
  ["an empty line", `${line("0100007F")}\n`, 2],
  ["an address of two words", line("0100007F0100007F"), 1],
])("%s is an error that names the file and the line", (_case, text, number) => {
  let fault: unknown;
  try {
    parseProcTcp(text, "/proc/7/net/tcp");
  } catch (error) {
    fault = error;
  }
  expect(fault).toBeInstanceOf(ListenerParseError);
  expect(fault).toMatchObject({ origin: "/proc/7/net/tcp", part: `line ${number}` });
});

test("any text gives sockets or that error", () => {
  const mutated = fc
    .tuple(fc.constantFrom(V4, V6), fc.nat(), fc.nat(100), fc.string({ maxLength: 10 }))
    .map(
      ([text, at, cut, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + cut),
    );
  fc.assert(
    fc.property(fc.oneof(fc.string(), mutated), (text) => {
      try {
        for (const { port, acceptQueue, uid } of parseProcTcp(text, "tcp")) {
          for (const value of [port, acceptQueue, uid]) expect(Number.isSafeInteger(value)).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ListenerParseError);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("of this machine's files the listeners are read, whatever connections follow", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const seen = readProcTcp("/proc/self/net")?.filter(
    (one) => one.port === port && one.address === "127.0.0.1",
  );
  expect(seen).toMatchObject([{ address: "127.0.0.1", acceptQueue: 0, uid: process.getuid?.() }]);
});

test("a namespace that is gone has none", () => {
  expect(readProcTcp("/proc/0/net")).toBeNull();
});
