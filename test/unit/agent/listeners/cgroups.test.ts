import { describe, expect, test } from "vitest";
import { createCgroupPaths } from "../../../../agent/listeners/cgroups.ts";
import { type DiagListener, parseDiag } from "../../../../agent/listeners/parse-diag.ts";
import { diagDump } from "../support/diag.ts";
import { fixture, fixtureBytes } from "./fixtures.ts";

/** Sockets in these cgroups, with the cookies 1, 2, ... */
function sockets(...ids: (bigint | undefined)[]): readonly DiagListener[] {
  return ids.flatMap((cgroupId, index) => {
    const socket = { cookie: BigInt(index + 1), ...(cgroupId === undefined ? {} : { cgroupId }) };
    return parseDiag(diagDump([socket])).sockets;
  });
}

const line = (cookie: number, rest: string) =>
  `LISTEN 0      128          0.0.0.0:80        0.0.0.0:*    uid:33 ino:17 sk:${cookie} ${rest}\n`;

test("the paths of a real host, of one moment with its sockets", () => {
  const paths = createCgroupPaths(() => 0);
  const { sockets: real } = parseDiag(fixtureBytes("iproute2-6.1.diag"));
  expect(paths.isNews(real)).toBe(true);
  paths.learn(real, fixture("iproute2-6.1-details.txt"));
  expect(paths.isNews(real)).toBe(false);
  expect(real.map(paths.named).map(({ port, cgroup }) => [port, cgroup])).toEqual([
    [7006, "/"],
    [7007, "/"],
    [7003, "/"],
    [7010, "/my web"],
    [7010, "/my web"],
    [7002, "/"],
    [7005, "/"],
    [7001, "/"],
    [7004, "/"],
  ]);
});

test("a new socket in a known cgroup is no news; a new cgroup is", () => {
  const paths = createCgroupPaths(() => 0);
  paths.learn(sockets(7n), line(1, "cgroup:/a <->"));
  const later = sockets(undefined, 7n);
  expect(paths.isNews(later)).toBe(false);
  expect(later.map((socket) => paths.named(socket).cgroup)).toEqual([undefined, "/a"]);
  expect(paths.isNews(sockets(7n, 8n))).toBe(true);
});

test.each([
  ["ss gave nothing", ""],
  ["the cgroup is gone", line(1, "cgroup:unreachable:1a2b <->")],
  ["an ss of before 5.9", line(1, "<->")],
  ["the socket is gone", line(2, "cgroup:/b <->")],
])("%s: no path, and it is asked again after ten minutes", (_case, text) => {
  let nowMs = 0;
  const paths = createCgroupPaths(() => nowMs);
  const [socket] = sockets(7n);
  if (socket === undefined) throw new Error("there is no socket");
  paths.learn([socket], text);
  expect(paths.named(socket)).not.toHaveProperty("cgroup");
  nowMs = 599_999;
  expect(paths.isNews([socket])).toBe(false);
  nowMs = 600_000;
  expect(paths.isNews([socket])).toBe(true);
  paths.learn([socket], line(1, "cgroup:/a <->"));
  expect(paths.named(socket).cgroup).toBe("/a");
});

test("without cgroups of version 2 there is nothing to ask", () => {
  expect(createCgroupPaths(() => 0).isNews(sockets(undefined))).toBe(false);
});

describe("odd paths", () => {
  test.each([
    ["with spaces", "cgroup:/my group <->", "/my group"],
    ["with words of ss", "cgroup:/a ino:7 uid:9 sk:1f v6only:0 <->", "/a ino:7 uid:9 sk:1f"],
    ["before v6only", "cgroup:/system.slice/nginx.service v6only:0 <->", "/system.slice/nginx.service"],
    ["behind a mark", "fwmark:0x1 cgroup:/a <->", "/a"],
    ["at the end of the line", "cgroup:/a", "/a"],
  ])("%s", (_case, rest, path) => {
    const paths = createCgroupPaths(() => 0);
    const [socket] = sockets(7n);
    if (socket === undefined) throw new Error("there is no socket");
    paths.learn([socket], line(1, rest));
    expect(paths.named(socket).cgroup).toBe(path);
  });
});
