import { expect, onTestFinished, test } from "vitest";
import { createSeldomLog } from "../../../agent/log.ts";
import { createComposer, type SenderFacts } from "../../../agent/message.ts";
import { createPusher, type Step } from "../../../agent/push.ts";
import { createMemoryQueue } from "../../../agent/queue.ts";
import { createSetAside } from "../../../agent/set-aside.ts";
import type { QueuedSnapshot } from "../../../agent/snapshot.ts";
import { createTransport } from "../../../agent/transport.ts";
import { recordingLog } from "./support/log.ts";
import { answered, hangUp, problem, startService, stored, text } from "./support/service.ts";
import { layoutOf, snapshot, snapshots } from "./support/snapshots.ts";

/** A pusher and the service it pushes to. Time stands still unless a test moves it; chance is always 0.5. */
async function setUp(...waiting: QueuedSnapshot[]) {
  const said: { facts: SenderFacts; goodbye?: "leaving" | "restarting" } = { facts: {} };
  const service = await startService(onTestFinished);
  const queue = createMemoryQueue();
  for (const one of waiting) queue.append(one);
  const setAside = createSetAside();
  const log = recordingLog();
  const time = { uptimeMs: 100_000 };
  const learned: number[][] = [];
  const wishes: unknown[] = [];
  const reloads = { count: 0 };
  const transport = createTransport({ server: service.url, token: () => "t", timeoutMs: 5_000 });
  onTestFinished(() => transport.close());
  const pusher = createPusher({
    queue,
    setAside,
    compose: createComposer({ id: "id", key: "key", name: "web-1" }),
    transport,
    uptimeMs: () => time.uptimeMs,
    facts: () => said.facts,
    goodbye: () => said.goodbye,
    learn: (...measurement) => learned.push(measurement),
    configure: (wish) => wishes.push(wish),
    reloadToken: () => {
      reloads.count += 1;
    },
    wallClock: () => 42,
    monotonicMs: () => time.uptimeMs,
    random: () => 0.5,
    log,
    seldom: createSeldomLog(60_000, () => time.uptimeMs),
  });
  const left = () => queue.peekBatch(Number.POSITIVE_INFINITY, () => true).map(({ at }) => at);
  const sent = () => service.received.map((push) => push.snapshots.map(({ at }) => at));
  /** Pushes until there is something to wait for. */
  const drain = async (): Promise<Step> => {
    for (let i = 0; i < 100; i += 1) {
      const step = await pusher.push();
      if (step.next !== "now") return step;
    }
    throw new Error("100 pushes without a pause");
  };
  return { service, said, queue, setAside, log, time, learned, wishes, reloads, pusher, left, sent, drain };
}

const one = (status: string, code: string) => answered(() => ({ status, code, message: `since ${code}` }));
const IDLE = { next: "idle", ms: null };

test("the first snapshot that is taken is said, once: the installer waits for it", async () => {
  const { log, drain } = await setUp(...snapshots(3));
  await drain();
  const said = log.lines.filter((line) => line.includes("took the first snapshot"));
  expect(said).toHaveLength(1);
});

test("stored and duplicate: deleted", async () => {
  const { service, pusher, left, drain } = await setUp(...snapshots(4));
  service.answer(answered(({ at }) => ({ status: at % 2 === 0 ? "stored" : "duplicate" })));
  expect(await drain()).toEqual(IDLE);
  expect(left()).toEqual([]);
  expect(pusher.counts).toMatchObject({ stored: 2, duplicate: 2 });
});

test("rejected: deleted, and counted by its code", async () => {
  const { service, pusher, left, log, drain } = await setUp(snapshot(1), snapshot(2));
  service.answer(one("rejected", "CONFLICT"));
  expect(await drain()).toEqual(IDLE);
  expect(left()).toEqual([]);
  expect([...pusher.counts.rejected]).toEqual([["CONFLICT", 2]]);
  expect(log.lines).toEqual(["error a snapshot was rejected and is lost: CONFLICT: since CONFLICT"]);
});

test.each([
  ["too_old", "TOO_OLD"],
  ["future", "FUTURE"],
])("%s: set aside, and counted", async (status, code) => {
  const { service, setAside, left, drain } = await setUp(snapshot(1));
  service.answer(one(status, code));
  expect(await drain()).toEqual(IDLE);
  expect(left()).toEqual([]);
  expect([...setAside.counts]).toEqual([[code, 1]]);
  expect(setAside.entries[0]).toMatchObject({ code, snapshot: { at: 1 } });
});

test("retry for all: kept, and the wait doubles with each one", async () => {
  const { service, left, sent, pusher } = await setUp(snapshot(1), snapshot(2));
  service.answer(one("retry", "KEY_REFUSED"));
  expect(await pusher.push()).toEqual({ next: "wait", ms: 500 });
  expect(await pusher.push()).toEqual({ next: "wait", ms: 1_000 });
  expect(await pusher.push()).toEqual({ next: "wait", ms: 2_000 });
  expect(left()).toEqual([1, 2]);
  expect(sent()).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
});

test("retry for one: kept and held back, and its neighbours go on", async () => {
  const { service, queue, left, sent, time, pusher, drain } = await setUp(snapshot(1), snapshot(2));
  service.answer(
    answered(({ at }) =>
      at === 1 ? { status: "retry", code: "SERVICE_FAULT", message: "" } : { status: "stored" },
    ),
  );
  expect(await drain()).toEqual({ next: "idle", ms: 500 });
  expect(left()).toEqual([1]);
  queue.append(snapshot(3));
  expect(await drain()).toMatchObject({ next: "idle" });
  expect(sent()).toEqual([[1, 2], [3]]);
  time.uptimeMs += 500;
  service.answer(stored);
  expect(await pusher.push()).toEqual({ next: "now" });
  expect(sent()).toEqual([[1, 2], [3], [1]]);
  expect(left()).toEqual([]);
});

test("names go along until the service has stored a snapshot under them, and never again", async () => {
  const { service, queue, pusher } = await setUp(snapshot(1));
  const other = layoutOf(["TcpInSegs"]);
  service.answer(hangUp, stored);
  await pusher.push();
  await pusher.push();
  queue.append(snapshot(2));
  await pusher.push();
  queue.append(snapshot(3, { layout: other }));
  await pusher.push();
  const named = service.received.map(({ push }) => Object.keys(push.hosts[0]?.layouts ?? {}));
  expect(named).toEqual([[snapshot(1).layout.hash], [snapshot(1).layout.hash], [], [other.hash]]);
});

test("retry for an unknown layout: the names go with the next try, which is made at once", async () => {
  const { service, queue, left, pusher, drain } = await setUp(snapshot(1));
  await pusher.push();
  queue.append(snapshot(2));
  service.answer(one("retry", "UNKNOWN_LAYOUT"), stored);
  expect(await drain()).toEqual(IDLE);
  expect(left()).toEqual([]);
  const named = service.received.map(({ push }) => Object.keys(push.hosts[0]?.layouts ?? {}).length);
  expect(named).toEqual([1, 0, 1]);
});

test("a layout that stays unknown although its names were sent is backed off like anything else", async () => {
  const { service, left, drain } = await setUp(snapshot(1));
  service.answer(one("retry", "UNKNOWN_LAYOUT"));
  expect(await drain()).toEqual({ next: "wait", ms: 500 });
  expect(left()).toEqual([1]);
});

test.each([401, 403])(
  "%d: keeps everything, waits, says so loudly but seldom, and reads the token again before each try",
  async (status) => {
    const { service, left, log, reloads, time, pusher } = await setUp(...snapshots(3));
    service.answer(problem(status, "FORBIDDEN"));
    for (let i = 0; i < 3; i += 1) {
      expect(await pusher.push()).toEqual({ next: "wait", ms: 45_000 });
      expect(reloads.count).toBe(i);
    }
    expect(left()).toEqual([1, 2, 3]);
    expect(log.lines).toEqual([
      `error cannot push: ${status} FORBIDDEN: because of FORBIDDEN; 3 snapshots are kept; mend the token (--token-file is read again before each try)`,
    ]);
    time.uptimeMs += 60_000;
    await pusher.push();
    expect(log.lines).toHaveLength(2);
    expect(log.lines[1]).toContain("(and 2 times more before)");
    service.answer(stored);
    await pusher.push();
    expect([reloads.count, left()]).toEqual([4, []]);
    await pusher.push();
    expect(reloads.count).toBe(4);
  },
);

test("400 for a push with one bad snapshot: all others are stored, and only it is set aside", async () => {
  const { service, queue, setAside, left, drain, pusher } = await setUp(...snapshots(40));
  service.answer((received, response) => {
    const bad = received.snapshots.some(({ at }) => at === 17);
    (bad ? problem(400, "BAD_REQUEST") : stored)(received, response);
  });
  for (let step = await drain(); step.next === "wait"; step = await drain());
  expect(left()).toEqual([]);
  expect(setAside.entries.map(({ snapshot: { at }, code }) => [at, code])).toEqual([[17, "REFUSED"]]);
  expect(pusher.counts.stored).toBe(39);
  expect(service.received.length).toBeLessThan(30);
  queue.append(snapshot(41));
  expect(await drain()).toEqual(IDLE);
  expect(service.received.at(-1)?.snapshots.map(({ at }) => at)).toEqual([41]);
});

test("400 for everything, as from something in between: nothing is set aside, however long it lasts", async () => {
  const { service, queue, setAside, left, drain } = await setUp(...snapshots(5));
  service.answer(problem(400, "BAD_REQUEST"));
  for (let at = 6; at <= 60; at += 1) {
    await drain();
    queue.append(snapshot(at));
  }
  expect(left()).toHaveLength(60);
  service.answer(stored);
  for (let step = await drain(); step.next === "wait"; step = await drain());
  expect(left()).toEqual([]);
  expect(setAside.entries).toEqual([]);
});

test("400 for the only snapshot there is: kept until another was taken and it is refused once more", async () => {
  const { service, queue, setAside, left, drain } = await setUp(snapshot(1));
  service.answer((received, response) => {
    const bad = received.snapshots.some(({ at }) => at === 1);
    (bad ? problem(400, "BAD_REQUEST") : stored)(received, response);
  });
  expect(await drain()).toEqual({ next: "wait", ms: 500 });
  expect(await drain()).toEqual(IDLE);
  expect([left(), setAside.entries]).toEqual([[1], []]);
  queue.append(snapshot(2));
  expect(await drain()).toEqual(IDLE);
  expect(left()).toEqual([]);
  expect(setAside.entries.map(({ snapshot: { at } }) => at)).toEqual([1]);
});

test("413: splits until it fits, and loses nothing", async () => {
  const { service, left, sent, drain } = await setUp(...snapshots(20));
  service.answer((received, response) => {
    (received.snapshots.length > 6 ? problem(413, "PAYLOAD_TOO_LARGE") : stored)(received, response);
  });
  expect(await drain()).toEqual(IDLE);
  expect(left()).toEqual([]);
  expect(
    sent()
      .slice(0, 3)
      .map((ats) => ats.length),
  ).toEqual([20, 10, 5]);
});

test.each([
  ["429", problem(429, "OVERLOADED")],
  ["500", problem(500, "INTERNAL")],
  ["503", problem(503, "UNAVAILABLE")],
  ["404", problem(404, "NOT_FOUND")],
  ["405", problem(405, "METHOD_NOT_ALLOWED")],
  ["415", problem(415, "UNSUPPORTED_MEDIA_TYPE")],
  ["a redirect", text("", 302, { location: "https://elsewhere.example/" })],
  ["a 200 that is not our answer", text("<html>Please sign in</html>")],
  ["no answer", hangUp],
])("%s: kept, with a backoff that doubles, and forgotten when it is over", async (_case, failure) => {
  const { service, queue, left, log, pusher } = await setUp(snapshot(1));
  service.answer(failure);
  expect(await pusher.push()).toEqual({ next: "wait", ms: 500 });
  expect(await pusher.push()).toEqual({ next: "wait", ms: 1_000 });
  expect(await pusher.push()).toEqual({ next: "wait", ms: 2_000 });
  expect(left()).toEqual([1]);
  expect(log.lines).toHaveLength(1);
  service.answer(stored, failure);
  expect(await pusher.push()).toEqual({ next: "now" });
  expect(left()).toEqual([]);
  expect(log.lines.at(-1)).toContain("info pushing again after 3 failed tries");
  queue.append(snapshot(2));
  expect(await pusher.push()).toEqual({ next: "wait", ms: 500 });
});

test.each([429, 503])("%d with Retry-After: not before that, with chance on top", async (status) => {
  const { service, pusher } = await setUp(snapshot(1));
  service.answer(problem(status, "OVERLOADED", { "retry-after": "30" }));
  expect(await pusher.push()).toEqual({ next: "wait", ms: 30_500 });
  expect(await pusher.push()).toEqual({ next: "wait", ms: 31_000 });
});

test("no network: the next try is with half as much, for a slow link never takes it all in time", async () => {
  const { service, sent, left, drain } = await setUp(...snapshots(16));
  service.answer(hangUp, hangUp, stored);
  await drain();
  await drain();
  expect(await drain()).toEqual(IDLE);
  expect(sent().map((ats) => ats.length)).toEqual([16, 8, 4, 8, 4]);
  expect(left()).toEqual([]);
});

test("each answer tells the service's time, between sending and receiving, and its wishes", async () => {
  const { service, learned, wishes, pusher, time } = await setUp(snapshot(1));
  service.answer((received, response) => {
    time.uptimeMs += 40;
    const config = { intervalMs: 30_000, jitterMs: 500 };
    answered(() => ({ status: "stored" }), { config, time: () => 1_795_000_000_000 })(received, response);
  });
  await pusher.push();
  expect(learned).toEqual([[1_795_000_000_000, 100_000, 100_040]]);
  expect(wishes).toEqual([{ intervalMs: 30_000, jitterMs: 500 }]);
});

test("nothing to send is no push", async () => {
  const { service, pusher } = await setUp();
  expect(await pusher.push()).toEqual(IDLE);
  expect(service.received).toEqual([]);
});

test("after an outage each push takes what came since the last one, beside the oldest", async () => {
  const { service, queue, sent, left, pusher } = await setUp(...snapshots(40));
  service.answer(problem(413, "PAYLOAD_TOO_LARGE"), problem(413, "PAYLOAD_TOO_LARGE"), stored);
  await pusher.push();
  await pusher.push();
  queue.append(snapshot(41));
  await pusher.push();
  expect(sent()[2]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 41]);
  queue.append(snapshot(42));
  await pusher.push();
  expect(sent()[3]?.slice(-2)).toEqual([28, 42]);
  expect(left()).toEqual([29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
});

test("after tries that had room for one alone, what came before them is backlog, and goes behind what comes", async () => {
  const { service, queue, sent, pusher } = await setUp(...snapshots(40));
  service.answer(hangUp);
  // Each try that is cut off halves the next: 40, 20, 10, 5, 3, 2, 1.
  for (let i = 0; i < 3; i += 1) await pusher.push();
  for (let at = 41; at <= 80; at += 1) queue.append(snapshot(at));
  for (let i = 0; i < 4; i += 1) await pusher.push();
  service.answer(stored);
  queue.append(snapshot(81));
  await pusher.push();
  queue.append(snapshot(82));
  await pusher.push();
  expect(sent().slice(-2)).toEqual([[81], [1, 82]]);
});

test("with room for one alone, newest and oldest take turns", async () => {
  const { service, queue, sent, pusher } = await setUp(snapshot(1), snapshot(2), snapshot(3));
  service.answer((received, response) => {
    (received.snapshots.length > 1 ? problem(413, "PAYLOAD_TOO_LARGE") : stored)(received, response);
  });
  await pusher.push();
  await pusher.push();
  queue.append(snapshot(4));
  for (let i = 0; i < 8; i += 1) await pusher.push();
  const taken = sent().filter((ats) => ats.length === 1);
  expect(taken.flat().slice(0, 2)).toEqual([4, 1]);
  expect(taken.flat().sort()).toEqual([1, 2, 3, 4]);
});

test("what came last is not cut off by a body that is full", async () => {
  const wide = layoutOf(Array.from({ length: 2_000 }, (_one, i) => `TcpExtCounterNumber${i}`));
  const { queue, sent, drain, left } = await setUp(
    ...Array.from({ length: 300 }, (_one, i) => snapshot(i + 1, { layout: wide })),
  );
  queue.append(snapshot(301, { layout: wide }));
  await drain();
  expect(sent().length).toBeGreaterThan(2);
  expect(left()).toEqual([]);
  for (let at = 1_000; at < 1_300; at += 1) queue.append(snapshot(at, { layout: wide }));
  const before = sent().length;
  await drain();
  expect(sent()[before]?.[0]).toBe(1_000);
});

test("capabilities go along until they were read, and again when they differ; health with each push", async () => {
  const { service, said, queue, pusher } = await setUp(snapshot(1));
  const health = { cycleCpuMs: 1, childCpuMs: 0, rssBytes: 4, spoolDepth: 2, spoolAgeMs: 3, dropped: {} };
  const before = [{ name: "root", available: true }];
  const after = [{ name: "root", available: false }];
  service.answer(hangUp, problem(503, "UNAVAILABLE"), stored);
  for (let at = 2; at <= 6; at += 1) {
    said.facts = { health, capabilities: at < 6 ? before : after };
    queue.append(snapshot(at));
    await pusher.push();
  }
  const sections = service.received.map(({ push }) => push.hosts.at(-1));
  expect(sections.map((section) => section?.capabilities?.[0]?.available)).toEqual([
    true,
    true,
    true,
    undefined,
    false,
  ]);
  expect(sections.every((section) => section?.health?.rssBytes === 4)).toBe(true);
});

test("a goodbye is said once, also when nothing waits to be sent, and not by an agent that never was heard", async () => {
  const silent = await setUp();
  silent.said.goodbye = "leaving";
  expect(await silent.drain()).toEqual(IDLE);
  expect(silent.service.received).toEqual([]);

  const { service, said, drain } = await setUp(snapshot(1));
  await drain();
  said.goodbye = "leaving";
  expect(await drain()).toEqual(IDLE);
  expect(
    service.received.map(({ push, snapshots: { length } }) => [push.hosts.at(-1)?.goodbye, length]),
  ).toEqual([
    [undefined, 1],
    ["leaving", 0],
  ]);
});

test("a goodbye that goes with the last snapshots needs no push of its own", async () => {
  const { service, said, drain } = await setUp(snapshot(1));
  said.goodbye = "restarting";
  await drain();
  expect(service.received).toHaveLength(1);
});
