import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSs } from "../../../../agent/listeners/parse-ss.ts";
import { ListenerParseError } from "../../../../agent/listeners/seen.ts";
import { fixture } from "./fixtures.ts";

const MEMORY = "skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d0)";

function one(line: string) {
  const { sockets } = parseSs(`${line}\n`);
  expect(sockets).toHaveLength(1);
  return sockets[0];
}

const SEEN_BY_6_1 = [
  ["0.0.0.0", 7006, "489795", 0, 4096, 0, 0],
  ["127.0.0.1", 7003, "489793", 0, 4, 0, 0],
  ["127.0.0.1", 7007, "489798", 0, 2, 0, 0],
  ["127.0.0.1", 7010, "489808", 5, 4, 8, 65_534],
  ["127.0.0.1", 7010, "489807", 5, 4, 32, 65_534],
  ["::1", 7001, "489791", 0, 4, 0, 0],
  ["::", 7002, "489792", 0, 4, 0, 0],
  ["::ffff:127.0.0.1", 7004, "489794", 0, 511, 0, 0],
  ["fe80::1", 7005, "489797", 0, 16, 0, 0],
];

describe("what ss prints on a real kernel", () => {
  test.each([
    ["one line each", "iproute2-6.1.txt"],
    ["memory on its own line, without -O", "iproute2-6.1-no-oneline.txt"],
    ["with its header, without -H", "iproute2-6.1-header.txt"],
  ])("%s", (_form, file) => {
    const { sockets, fromKernel } = parseSs(fixture(file));
    expect(fromKernel).toBe(true);
    expect(sockets.map((s) => [s.address, s.port, s.inode, s.acceptQueue, s.limit, s.drops, s.uid])).toEqual(
      SEEN_BY_6_1,
    );
    expect(new Set(sockets.map(({ cgroup }) => cgroup))).toEqual(new Set(["/"]));
  });

  test("without tcp_diag: the queues alone, and no limit of 0", () => {
    const { sockets, fromKernel } = parseSs(fixture("iproute2-6.1-without-tcp-diag.txt"));
    expect(fromKernel).toBe(false);
    expect(sockets.map(({ acceptQueue }) => acceptQueue)).toEqual([0, 0, 0, 5, 5, 0, 0, 0, 0]);
    for (const { limit, drops } of sockets) expect({ limit, drops }).toEqual({ limit: null, drops: null });
  });

  test("an ss of 2016, before brackets, cgroups and a `*` of both families", () => {
    const { sockets, fromKernel } = parseSs(fixture("iproute2-4.9.txt"));
    expect(fromKernel).toBe(true);
    expect(sockets).toEqual([
      {
        address: "0.0.0.0",
        port: 22,
        inode: "12841",
        cookie: "1",
        acceptQueue: 0,
        limit: 128,
        drops: null,
        uid: 0,
      },
      {
        address: "127.0.0.53",
        port: 53,
        inode: "14022",
        cookie: "2",
        acceptQueue: 0,
        limit: 128,
        drops: 3,
        uid: 101,
      },
      {
        address: "::",
        port: 22,
        inode: "12843",
        cookie: "3",
        acceptQueue: 2,
        limit: 128,
        drops: null,
        uid: 0,
      },
      {
        address: "fe80::1",
        port: 80,
        inode: "12850",
        cookie: "4",
        acceptQueue: 0,
        limit: 100,
        drops: null,
        uid: 0,
      },
    ]);
  });

  test("nothing at all is no socket", () => {
    expect(parseSs("")).toEqual({ sockets: [], fromKernel: true });
  });
});

describe("odd lines", () => {
  test.each([
    ["a path with spaces", "cgroup:/my group <->", "/my group"],
    ["a path that holds words of ss", "cgroup:/a ino:7 uid:9 sk:1f v6only:0 <->", "/a ino:7 uid:9 sk:1f"],
    ["a path with skmem in it", "cgroup:/skmem:(d9) v6only:0 <->", "/skmem:(d9)"],
    ["systemd", "cgroup:/system.slice/nginx.service v6only:0 <->", "/system.slice/nginx.service"],
    ["a group that is gone", "cgroup:unreachable:1a2b <->", undefined],
    ["no cgroup", "<->", undefined],
  ])("%s", (_case, text, cgroup) => {
    const socket = one(`LISTEN 3 128 0.0.0.0:80 0.0.0.0:* uid:33 ino:17 sk:2a ${text} ${MEMORY}`);
    expect(socket).toMatchObject({
      inode: "17",
      uid: 33,
      cookie: "2a",
      drops: 0,
      acceptQueue: 3,
      limit: 128,
    });
    expect(socket?.cgroup).toBe(cgroup);
  });

  test.each([
    ["a dual socket alone, told by v6only", `*:80 *:* ino:1 sk:1 v6only:0 <-> ${MEMORY}`, "::"],
    ["a zone within the brackets", `[fe80::1%eth0]:80 [::]:* ino:1 sk:1 <-> ${MEMORY}`, "fe80::1"],
    ["an interface", `0.0.0.0%eth0:80 0.0.0.0:* ino:1 sk:1 <-> ${MEMORY}`, "0.0.0.0"],
    ["a kernel's own socket", `0.0.0.0:80 0.0.0.0:* <-> ${MEMORY}`, "0.0.0.0"],
  ])("%s", (_case, text, address) => {
    expect(one(`LISTEN 0 128 ${text}`)).toMatchObject({ address, port: 80 });
  });

  test("a listener with backlog 0 has a limit of 0 that was seen", () => {
    expect(one(`LISTEN 1 0 127.0.0.1:80 0.0.0.0:* ino:1 sk:1 <-> ${MEMORY}`)?.limit).toBe(0);
  });

  test.each([
    ["another state", "ESTAB 0 0 127.0.0.1:1 127.0.0.1:2"],
    ["a help text", "Usage: ss [ OPTIONS ]"],
    ["a port above 65535", `LISTEN 0 1 0.0.0.0:65536 0.0.0.0:* ino:1 ${MEMORY}`],
    ["a queue above 2^32", `LISTEN 4294967296 1 0.0.0.0:1 0.0.0.0:* ino:1 ${MEMORY}`],
    ["a service name for a port", `LISTEN 0 1 0.0.0.0:http 0.0.0.0:* ino:1 ${MEMORY}`],
    ["an indented first line", `\t ${MEMORY}`],
  ])("%s is an error that names the line", (_case, line) => {
    let fault: unknown;
    try {
      parseSs(
        `LISTEN 0 1 0.0.0.0:1 0.0.0.0:* ino:1 ${MEMORY}\n`.repeat(line.startsWith("\t") ? 0 : 1) + line,
      );
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(ListenerParseError);
    expect(fault).toMatchObject({ origin: "the output of ss", line: line.startsWith("\t") ? 1 : 2 });
  });
});

test("any text gives sockets or that error, and never a value out of range", () => {
  const real = ["iproute2-6.1.txt", "iproute2-6.1-no-oneline.txt", "iproute2-4.9.txt"].map(fixture);
  const mutated = fc
    .tuple(fc.constantFrom(...real), fc.nat(), fc.nat(200), fc.string({ maxLength: 20 }))
    .map(([text, at, cut, put]) => {
      const from = at % text.length;
      return text.slice(0, from) + put + text.slice(from + cut);
    });
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), mutated), (text) => {
      try {
        for (const { port, acceptQueue, limit, drops, inode } of parseSs(text).sockets) {
          expect(port).toBeLessThanOrEqual(65_535);
          for (const value of [acceptQueue, limit ?? 0, drops ?? 0])
            expect(Number.isSafeInteger(value)).toBe(true);
          expect(inode).toMatch(/^[0-9]+$/);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ListenerParseError);
      }
    }),
    { numRuns: 3_000 },
  );
});
