import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SpillwayError } from "../../src/errors.ts";
import type { LiveBus } from "../../src/live/bus.ts";
import { ChangeFeed, each } from "../../src/live/change-feed.ts";
import { decodeEvent, encodeEvent, type LiveEvent } from "../../src/live/events.ts";
import type { FeedSource } from "../../src/live/feed.ts";
import { SharedFeeds } from "../../src/live/feeds.ts";
import { SubscriberQueue } from "../../src/live/queue.ts";
import { createLog } from "../../src/telemetry/log.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Feeds on a bus that the test rings, and how often they have looked. */
function feeds() {
  let ring: () => void = () => undefined;
  let looks = 0;
  const bus: Pick<LiveBus, "on"> = {
    on: (_kind, heard) => {
      ring = () => heard(null);
      return () => undefined;
    },
  };
  const log = createLog("silent");
  const shared = new SharedFeeds<string>({ bus, kind: "rolledUp", log, onLook: () => looks++ });
  return { shared, ring: () => ring(), looks: () => looks };
}

class Source implements FeedSource<string> {
  readonly gapMs = 1_000;
  answers: (string | null | Error)[] = [];
  told: string | null = null;

  look(): Promise<string | null> {
    const answer = this.answers.shift() ?? null;
    if (answer instanceof Error) return Promise.reject(answer);
    this.told = answer ?? this.told;
    return Promise.resolve(answer);
  }

  current(): string | null {
    return this.told;
  }
}

test("fifty who ask the same share each look, and who comes later is told what there is", async () => {
  const { shared, ring, looks } = feeds();
  const source = new Source();
  source.answers = ["first", "second"];
  let made = 0;
  const join = () =>
    shared.join("question", () => {
      made++;
      return source;
    });
  const all = Array.from({ length: 50 }, join);
  const firsts = Promise.all(all.map((one) => one.next()));
  await vi.advanceTimersByTimeAsync(0);
  expect((await firsts).every(({ value }) => value === "first")).toBe(true);
  const late = join();
  expect(await late.next()).toEqual({ done: false, value: "first" });
  const seconds = Promise.all([...all, late].map((one) => one.next()));
  ring();
  ring();
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await seconds).every(({ value }) => value === "second")).toBe(true);
  expect([made, looks()]).toEqual([1, 2]);
});

test("events come no faster than the gap; without them a look comes after five seconds", async () => {
  const { shared, ring, looks } = feeds();
  const feed = shared.join("question", () => new Source());
  await vi.advanceTimersByTimeAsync(0);
  expect(looks()).toBe(1);
  for (let at = 0; at < 1_000; at += 100) {
    ring();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(looks()).toBe(2);
  await vi.advanceTimersByTimeAsync(4_900);
  expect(looks()).toBe(2);
  await vi.advanceTimersByTimeAsync(100);
  expect(looks()).toBe(3);
  await feed.return?.();
  ring();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks()).toBe(3);
});

test("a fault of the moment is tried again, a fault of the question ends it", async () => {
  const { shared } = feeds();
  const source = new Source();
  source.answers = [new SpillwayError("UNAVAILABLE", "no database"), new Error("odd"), "told"];
  const feed = shared.join("question", () => source);
  const next = feed.next();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await next).toEqual({ done: false, value: "told" });
  source.answers = [new SpillwayError("LIMIT_EXCEEDED", "too many groups")];
  const last = feed.next().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await last).toMatchObject({ code: "LIMIT_EXCEEDED" });
  expect(await feed.next()).toEqual({ done: true, value: undefined });
  // The next who asks begins anew.
  source.answers = ["again"];
  const again = shared.join("question", () => source);
  expect(await again.next()).toEqual({ done: false, value: "told" });
});

test("there are at most 500 different questions", () => {
  const { shared } = feeds();
  for (let index = 0; index < 500; index++) shared.join(`question ${index}`, () => new Source());
  expect(() => shared.join("one more", () => new Source())).toThrow(/500 different subscriptions/);
  expect(() => shared.join("question 7", () => new Source())).not.toThrow();
});

test("who does not read is ended, and nothing is kept for him", async () => {
  let ended = 0;
  const queue = new SubscriberQueue<number>(() => ended++);
  for (let index = 0; index < 200; index++) queue.push(index);
  expect(ended).toBe(1);
  await expect(queue.next()).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test("an end is told to whoever waits for the next", async () => {
  const queue = new SubscriberQueue<number>(() => undefined);
  const waiting = [queue.next(), queue.next()];
  queue.push(1);
  await queue.return();
  expect(await Promise.all(waiting)).toEqual([
    { done: false, value: 1 },
    { done: true, value: undefined },
  ]);
});

test("changes are told once, by their revisions, and not what was there before", async () => {
  let list = [{ id: 1, revision: 4 }];
  const known: number[][] = [];
  const feed = await ChangeFeed.begin(async (told) => {
    known.push([...told.keys()]);
    return list;
  });
  expect(await feed.look()).toBeNull();
  list = [
    { id: 1, revision: 5 },
    { id: 2, revision: 0 },
  ];
  expect(await feed.look()).toEqual(list);
  expect(await feed.look()).toBeNull();
  list = [{ id: 2, revision: 1 }];
  expect(await feed.look()).toEqual(list);
  list = [{ id: 2, revision: 0 }];
  expect(await feed.look()).toBeNull();
  expect(known.slice(0, 3)).toEqual([[], [1], [1]]);
  expect(known.at(-1)).toEqual([1, 2]);
});

test("lists are told thing by thing, and left together", async () => {
  let ended = 0;
  const queue = new SubscriberQueue<readonly number[]>(() => ended++);
  for (const list of [[1, 2], [], [3]]) queue.push(list);
  const things = each(queue);
  expect([(await things.next()).value, (await things.next()).value, (await things.next()).value]).toEqual([
    1, 2, 3,
  ]);
  const waiting = things.next();
  await things.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(ended).toBe(1);
});

function partsOf(event: LiveEvent | null): unknown[] {
  return event?.kind === "rolledUp" ? event.shards : (event?.changed ?? []);
}

test("events survive the wire, in messages that Postgres takes", () => {
  const ids = fc.array(fc.nat({ max: 1 << 22 }), { maxLength: 5_000 });
  fc.assert(
    fc.property(ids, fc.constantFrom("incidents", "anomalies"), (numbers, kind) => {
      const events: LiveEvent[] = [
        { kind: "rolledUp", shards: numbers },
        { kind, changed: numbers.map((id) => ({ id: `incident_${id}`, revision: id })) },
      ];
      for (const event of events) {
        const payloads = encodeEvent(event);
        for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000);
        expect(payloads.flatMap((payload) => partsOf(decodeEvent(payload)))).toEqual(partsOf(event));
      }
    }),
    { numRuns: 30 },
  );
  for (const text of ["", "{}", "null", '{"kind":"other"}', '{"kind":"rolledUp","shards":["1"]}']) {
    expect(decodeEvent(text)).toBeNull();
  }
});
