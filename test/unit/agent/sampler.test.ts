import { expect, test } from "vitest";
import type { Scrape } from "../../../agent/collector.ts";
import type { Sysctls } from "../../../agent/collectors/sysctls.ts";
import type { Host } from "../../../agent/host.ts";
import { createSeldomLog } from "../../../agent/log.ts";
import { createMemoryQueue } from "../../../agent/queue.ts";
import { createSampler, scrapeInto } from "../../../agent/sampler.ts";
import { recordingLog } from "./support/log.ts";
import { BOOT } from "./support/procfs.ts";
import { EPOCH, snapshot } from "./support/snapshots.ts";

function setUp(scrape: Partial<Scrape>, sysctls: () => Sysctls | undefined = () => undefined) {
  const log = recordingLog();
  const seldom = createSeldomLog(60_000, () => 0);
  const host: Host = {
    facts: { boot: BOOT, kernel: "6.18.44", arch: "x86_64", wordSize: 64 },
    uptimeMs: () => 5_000,
    read: () => ({ scrape: { names: [], values: [], failures: [], ...scrape }, uptimeMs: 5_000 }),
  };
  const timekeeper = {
    stamp: (uptimeMs: number) => ({ epoch: EPOCH, at: 1_795_000_000_000 + uptimeMs }),
    learn: () => {},
  };
  return { log, seldom, sample: createSampler({ host, timekeeper, log, seldom, sysctls }) };
}

test("a snapshot is stamped with the uptime of its scrape", () => {
  const { sample } = setUp({ names: ["TcpInSegs"], values: [7] });
  const taken = sample(10_000);
  expect(taken?.at).toBe(1_795_000_005_000);
  expect(JSON.parse(taken?.json ?? "")).toMatchObject({ uptimeMs: 5_000, everyMs: 10_000, values: [7] });
});

test("a source that fails is said once, and the snapshot goes without it", () => {
  const failures = [{ collector: "netstat", error: new Error("cut off") }];
  const { sample, log } = setUp({ names: ["TcpInSegs"], values: [7], failures });
  sample(10_000);
  expect(sample(10_000)?.layout.names).toEqual(["TcpInSegs"]);
  expect(log.lines).toEqual(["warn left out netstat of a snapshot: cut off"]);
});

test("no counter at all is no snapshot, and not one of nothing", () => {
  const { sample, log } = setUp({});
  expect(sample(10_000)).toBeNull();
  expect(log.lines).toEqual(["error read no counter at all: is --procfs the procfs of the host?"]);
});

test("a full queue is said, with how much was lost", () => {
  const { log, seldom } = setUp({});
  const queue = createMemoryQueue({ snapshots: 1, bytes: 1e9 });
  let at = 0;
  const scrape = scrapeInto(queue, () => snapshot(++at), { log, seldom });
  for (let i = 0; i < 3; i += 1) scrape(10_000);
  expect(queue.peekBatch(9, () => true).map((one) => one.at)).toEqual([3]);
  expect(log.lines).toEqual(["error the queue is full: 1 of the oldest snapshots were dropped"]);
});

test("other namespaces go before the root, and one of them that fails does not cost it", () => {
  const { log, seldom } = setUp({});
  const queue = createMemoryQueue();
  scrapeInto(
    queue,
    () => snapshot(3),
    { log, seldom },
    () => [snapshot(1), snapshot(2)],
  )(10_000);
  scrapeInto(
    queue,
    () => snapshot(4),
    { log, seldom },
    () => {
      throw new Error("no /proc");
    },
  )(10_000);
  expect(queue.peekBatch(9, () => true).map((one) => one.at)).toEqual([1, 2, 3, 4]);
  expect(log.lines).toEqual(["error cannot take snapshots of other namespaces: no /proc"]);
});

test("settings go with the snapshot when there are any to send", () => {
  const answers = [{ "net.core.somaxconn": "128" }, undefined];
  const { sample } = setUp({ names: ["TcpInSegs"], values: [7] }, () => answers.shift());
  expect(JSON.parse(sample(10_000)?.json ?? "").sysctls).toEqual({ "net.core.somaxconn": "128" });
  expect(JSON.parse(sample(10_000)?.json ?? "")).not.toHaveProperty("sysctls");
});

test("a scrape that throws is said, and the loop goes on", () => {
  const { log, seldom } = setUp({});
  const failing = () => {
    throw new Error("no memory");
  };
  scrapeInto(createMemoryQueue(), failing, { log, seldom })(10_000);
  expect(log.lines).toEqual(["error cannot take a snapshot: no memory"]);
});
