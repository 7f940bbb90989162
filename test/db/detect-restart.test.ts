/** An application that is deployed: nobody's incident, unless its port stays closed or its queue is full. */
import { describe, expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { insertEvent } from "../../src/store/events.ts";
import {
  append,
  detector,
  FULL,
  INTERVAL_MS,
  incidentsOf,
  type ListenerMoves,
  learned,
  type Moves,
  MovingHost,
} from "../support/detection.ts";
import { live } from "../support/live.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const CALM: Moves = { accepted: 10 };
/** The queue of 40 is reset, and 30 clients are refused. */
const CLOSING: Moves = { resets: 40, resetsSent: 70 };
const STALLED: Moves = { overflows: 60, drops: 60 };
const REFUSING: Moves = { resetsSent: 20 };

/** A socket, or none, for so many intervals, and what moves in each. */
type Part = readonly [inode: string | null, intervals: number, moves: Moves, listener?: ListenerMoves];

/** @param besideAt sockets of other listeners in each interval */
async function play(
  store: Store,
  parts: readonly Part[],
  besideAt: (interval: number) => readonly string[] = () => [],
): Promise<MovingHost> {
  const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
  await learned(store, host);
  const { run } = detector(store);
  let interval = 0;
  for (const [inode, intervals, moves, listener] of parts) {
    host.inode = inode;
    for (let index = 0; index < intervals; index++) {
      host.beside = besideAt(interval++);
      await live(store, host, run, [listener === undefined ? [1, moves] : [1, moves, listener]]);
    }
  }
  return host;
}

/** Something that opens a port in each second interval, another each time, and closes it. */
const passing = (interval: number) => (interval % 2 === 0 ? [`${10 + (interval % 80)}`] : []);

const restartsIn = ({ db }: Store) =>
  db.anomaly.findMany({ where: { detector: "restart" }, orderBy: { startedAt: "asc" } });

describe("an application that is restarted", () => {
  const DEPLOYED: readonly Part[] = [
    ["1", 12, CALM],
    [null, 1, CLOSING],
    [null, 4, REFUSING],
    ["101", 37, CALM],
  ];

  test("is an anomaly with what it cost, and no incident", async ({ store }) => {
    const host = await play(store, DEPLOYED);
    expect(await incidentsOf(store)).toEqual([]);
    expect(await restartsIn(store)).toMatchObject([
      {
        hostId: host.member.hostId,
        namespaceId: host.member.namespaceId,
        counter: "",
        severity: "INFO",
        startedAt: new Date(T0 + 12 * INTERVAL_MS),
        endedAt: new Date(T0 + 17 * INTERVAL_MS),
        value: 40,
        explanation:
          "The listener 0.0.0.0:81 was closed, and opened again 50 s later: 40 connections were reset. Drain before closing, or hand the socket to the next process.",
      },
    ]);
  });

  const ends = [null, T0 + 17 * INTERVAL_MS];
  test.for(ends)("is none where a deploy was recorded, until %s", async (until, { store }) => {
    await insertEvent(store.db, {
      kind: "deploy",
      title: "web 2.0",
      at: T0 + 11 * INTERVAL_MS,
      until,
      matchers: [],
      url: null,
      createdBy: "ci",
    });
    await play(store, DEPLOYED);
    expect(await incidentsOf(store)).toEqual([]);
    expect(await restartsIn(store)).toEqual([]);
  });

  const DOWN: readonly Part[] = [
    ["1", 12, CALM],
    [null, 1, CLOSING],
    [null, 10, REFUSING],
  ];
  test("and does not come back is down after a minute", async ({ store }) => {
    await play(store, DOWN);
    const [down, ...others] = await incidentsOf(store);
    expect(others).toEqual([]);
    expect(down).toMatchObject({ status: "OPEN", cause: "SERVICE_DOWN", urgency: "PAGE" });
    // It is no restart any more, and what it cost is evidence of what it became.
    expect(await restartsIn(store)).toMatchObject([
      { value: 40, endedAt: new Date(T0 + 18 * INTERVAL_MS), incidentId: down?.id },
    ]);
  });

  test("and does not come back is down beside ports that are opened and closed all the time, for as long", async ({
    store,
  }) => {
    await play(store, [...DOWN, [null, 36, REFUSING]], passing);
    expect(await incidentsOf(store)).toMatchObject([
      {
        status: "OPEN",
        cause: "SERVICE_DOWN",
        urgency: "PAGE",
        kinds: ["OPENED"],
        diagnosis: { summary: expect.stringMatching(/^Nothing listens on port 81 any more/) },
      },
    ]);
  });

  const besides = [
    ["that are opened and closed", passing],
    ["of which one was closed for good", (interval: number) => (interval < 5 ? ["2"] : [])],
  ] as const;
  test.for(besides)("beside ports %s is no incident", async ([, besideAt], { store }) => {
    const story = DEPLOYED.map(([inode, intervals, moves]): Part => [inode, Math.min(intervals, 12), moves]);
    await play(store, story, besideAt);
    expect(await incidentsOf(store)).toEqual([]);
    expect(await restartsIn(store)).toMatchObject([
      { startedAt: new Date(T0 + 12 * INTERVAL_MS), value: 40 },
    ]);
  });

  test("and comes back later has cost what it cost", async ({ store }) => {
    await play(store, [...DOWN, ["101", 37, CALM]]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED", cause: "SERVICE_DOWN" }]);
    expect(await restartsIn(store)).toMatchObject([
      {
        value: 40,
        endedAt: new Date(T0 + 23 * INTERVAL_MS),
        explanation: expect.stringMatching(/1\.8 min later: 40/),
      },
    ]);
  });

  test("and does not accept what comes has an incident of that, which it is told by throughout", async ({
    store,
  }) => {
    const host = await play(store, [
      ["1", 12, CALM],
      [null, 1, CLOSING],
      [null, 4, REFUSING],
      ["101", 9, STALLED, FULL],
    ]);
    const told = { status: "OPEN", cause: "APPLICATION_STALLED", diagnosis: { contributing: ["RESTART"] } };
    const [stalled] = await incidentsOf(store);
    expect(stalled).toMatchObject(told);
    expect(await restartsIn(store)).toMatchObject([{ value: 40, incidentId: stalled?.id }]);
    // Nothing is lost in an interval, and the restart is all that is unusual.
    await live(store, host, detector(store).run, [[1, CALM]]);
    const [after] = await incidentsOf(store);
    expect(after).toMatchObject({ ...told, lossShare: expect.any(Number) });
  });

  test("once is recorded once, whether it is judged as it comes or all at once, and again", async ({
    store,
  }) => {
    const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
    await learned(store, host);
    for (const [inode, intervals, moves] of DEPLOYED) {
      host.inode = inode;
      await append(store, await host.intervals(intervals, moves));
    }
    const { run } = detector(store);
    await run(host.at);
    const once = await restartsIn(store);
    expect(once).toMatchObject([{ value: 40, endedAt: new Date(T0 + 17 * INTERVAL_MS) }]);
    await run(host.at + 1_000);
    expect(await restartsIn(store)).toEqual(once);
  });
});
