import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDiag } from "../../../../agent/listeners/parse-diag.ts";
import { ListenerParseError } from "../../../../agent/listeners/seen.ts";
import { diagDump, diagMessage } from "../support/diag.ts";
import { fixtureBytes } from "./fixtures.ts";

const REAL = fixtureBytes("iproute2-6.1.diag");

function one(bytes: Buffer, littleEndian = true) {
  const { sockets } = parseDiag(bytes, littleEndian);
  expect(sockets).toHaveLength(1);
  return sockets[0];
}

test("the listeners of a real kernel", () => {
  const { sockets, isWhole } = parseDiag(REAL);
  expect(isWhole).toBe(true);
  expect(sockets.map((s) => [s.address, s.port, s.inode, s.acceptQueue, s.limit, s.drops, s.uid])).toEqual([
    ["0.0.0.0", 7006, "2386744", 0, 4096, 0, 0],
    ["127.0.0.1", 7007, "2386745", 0, 2, 0, 0],
    ["127.0.0.1", 7003, "2386740", 0, 4, 0, 0],
    ["127.0.0.1", 7010, "2386747", 5, 4, 36, 65_534],
    ["127.0.0.1", 7010, "2386746", 5, 4, 24, 65_534],
    ["::", 7002, "2386739", 0, 4, 0, 0],
    ["fe80::1", 7005, "2386742", 0, 16, 0, 0],
    ["::1", 7001, "2386738", 0, 4, 0, 0],
    ["::ffff:127.0.0.1", 7004, "2386741", 0, 511, 0, 0],
  ]);
  expect(sockets.map(({ cookie }) => cookie)).toEqual([
    ...["373f", "3740", "3741", "3742", "3743", "3744", "3745", "3746", "3747"],
  ]);
  expect(sockets.map(({ cgroupId }) => cgroupId)).toEqual([
    ...["1", "1", "1", "17410", "17410", "1", "1", "1", "1"],
  ]);
});

test("a big-endian machine has its own numbers the other way round, and the wire's as all have them", () => {
  const socket = {
    address: [10, 1, 2, 3],
    port: 8_080,
    inode: 4_000_000_000,
    cookie: 0x1234_5678_9abc_def0n,
    queue: 3,
    limit: 511,
    drops: 0xffff_ffff,
    uid: 1_000,
    cgroupId: 0xffff_ffff_ffff_ffffn,
  };
  const expected = {
    address: "10.1.2.3",
    port: 8_080,
    inode: "4000000000",
    cookie: "123456789abcdef0",
    acceptQueue: 3,
    limit: 511,
    drops: 0xffff_ffff,
    uid: 1_000,
    cgroupId: "18446744073709551615",
  };
  for (const littleEndian of [true, false])
    expect(one(diagDump([socket], littleEndian), littleEndian)).toEqual(expected);
});

test("a listener with backlog 0 has a limit of 0 that was seen", () => {
  expect(one(diagDump([{ queue: 1, limit: 0 }]))).toMatchObject({ acceptQueue: 1, limit: 0 });
});

test("an old kernel tells no drops and no cgroup, and answers by the older type of message", () => {
  const bytes = diagDump([{ drops: null }]);
  bytes.writeUInt16LE(18, 4);
  const socket = one(bytes);
  expect(socket).toMatchObject({ drops: null, limit: 128 });
  expect(socket).not.toHaveProperty("cgroupId");
});

describe("whether it is all", () => {
  const dump = diagDump([{}]);
  const error = diagMessage(2, Buffer.alloc(20));
  // ENOENT, as a kernel with inet_diag says that it has no tcp_diag.
  const refused = diagMessage(3, Buffer.from([0xfe, 0xff, 0xff, 0xff]));
  test.each([
    ["a dump and its end", dump, true, 1],
    ["one for each family", Buffer.concat([dump, dump]), true, 2],
    ["no listener at all", diagDump([]), true, 0],
    ["no answer, as ss may not ask", Buffer.alloc(0), false, 0],
    ["an error, as there is no tcp_diag", error, false, 0],
    ["an end that is an error, as there is inet_diag alone", refused, false, 0],
    ["such an end for the second family", Buffer.concat([dump, refused]), false, 1],
    [
      "an end that says nothing",
      Buffer.concat([dump.subarray(0, -20), diagMessage(3, Buffer.alloc(0))]),
      true,
      1,
    ],
    ["an error for the second family", Buffer.concat([dump, error]), false, 1],
    ["a dump without its end", dump.subarray(0, -20), false, 1],
    ["a message of a type that may come with it", Buffer.concat([diagMessage(1, error), dump]), true, 1],
  ])("%s", (_case, bytes, isWhole, count) => {
    const answer = parseDiag(bytes);
    expect([answer.isWhole, answer.sockets.length]).toEqual([isWhole, count]);
  });
});

test("a big-endian kernel's refusal is one", () => {
  const errno = Buffer.from([0xff, 0xff, 0xff, 0xfe]);
  expect(parseDiag(diagMessage(3, errno, false), false).isWhole).toBe(false);
});

test.each([
  ["the second message cut off", REAL.subarray(0, 300), 2],
  ["less than the head of a message", REAL.subarray(0, 190), 2],
  ["a socket too short", diagMessage(20, Buffer.alloc(71)), 1],
  ["a message of length 0", Buffer.alloc(16), 1],
])("%s is an error that names the message", (_case, bytes, number) => {
  let fault: unknown;
  try {
    parseDiag(bytes);
  } catch (error) {
    fault = error;
  }
  expect(fault).toBeInstanceOf(ListenerParseError);
  expect(fault).toMatchObject({ origin: "the answer of tcp_diag", part: `message ${number}` });
});

test("any bytes give sockets or that error, and never a value out of range", () => {
  const mutated = fc
    .tuple(fc.nat(), fc.nat(200), fc.uint8Array({ maxLength: 20 }))
    .map(([at, cut, put]) =>
      Buffer.concat([REAL.subarray(0, at % REAL.length), put, REAL.subarray((at % REAL.length) + cut)]),
    );
  const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(anything, mutated), fc.boolean(), (bytes, littleEndian) => {
      try {
        for (const { port, acceptQueue, limit, drops, inode } of parseDiag(bytes, littleEndian).sockets) {
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
