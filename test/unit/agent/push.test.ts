import { expect, test } from "vitest";
import { IDLE, setUp } from "./support/pusher.ts";
import { answered, hangUp, problem, stored, text } from "./support/service.ts";
import { layoutOf, snapshot, snapshots } from "./support/snapshots.ts";

const one = (status: string, code: string) => answered(() => ({ status, code, message: `since ${code}` }));

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

test.each([
  ["rejected", "CONFLICT", "error"],
  ["too_old", "TOO_OLD", "warn"],
  ["future", "FUTURE", "warn"],
])("%s: set aside, counted by its code, and said", async (status, code, level) => {
  const { service, setAside, left, log, drain } = await setUp(snapshot(1), snapshot(2));
  service.answer(one(status, code));
  expect(await drain()).toEqual(IDLE);
  expect(left()).toEqual([]);
  expect([...setAside.counts]).toEqual([[code, 2]]);
  expect(setAside.entries[0]).toMatchObject({ code, snapshot: { at: 1 } });
  expect(log.lines).toEqual([`${level} a snapshot was set aside: ${code}: since ${code}`]);
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
      `error cannot push: ${status} FORBIDDEN: because of FORBIDDEN; 3 snapshots are kept; mend the token`,
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

test("an answer with a snapshot from the service's future tells that its clock was set back", async () => {
  const { service, learned, drain } = await setUp(...snapshots(2));
  service.answer(
    answered(
      ({ at }) => (at === 1 ? { status: "stored" } : { status: "future", code: "FUTURE", message: "" }),
      {
        time: () => 1_795_000_000_000,
      },
    ),
  );
  await drain();
  expect(learned).toEqual([[1_795_000_000_000, 100_000, 100_000, true]]);
});

test("each answer tells the service's time, between sending and receiving, and its wishes", async () => {
  const { service, learned, wishes, pusher, time } = await setUp(snapshot(1));
  service.answer((received, response) => {
    time.uptimeMs += 40;
    const config = { intervalMs: 30_000, jitterMs: 500 };
    answered(() => ({ status: "stored" }), { config, time: () => 1_795_000_000_000 })(received, response);
  });
  await pusher.push();
  expect(learned).toEqual([[1_795_000_000_000, 100_000, 100_040, false]]);
  expect(wishes).toEqual([{ intervalMs: 30_000, jitterMs: 500 }]);
});

test("nothing to send is no push", async () => {
  const { service, pusher } = await setUp();
  expect(await pusher.push()).toEqual(IDLE);
  expect(service.received).toEqual([]);
});
