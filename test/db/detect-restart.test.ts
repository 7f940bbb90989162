/** An application that is deployed: nobody's incident, unless its port stays closed or its queue is full. */
import { describe, expect, vi } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { insertEvent } from "../../src/store/events.ts";
import {
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

vi.setConfig({ testTimeout: 180_000 });

const T0 = Date.UTC(2026, 10, 23, 12);
const CALM: Moves = { accepted: 10 };
/** The queue of 40 is reset, and 30 clients are refused. */
const CLOSING: Moves = { resets: 40, resetsSent: 70 };
const REFUSING: Moves = { resetsSent: 20 };

/** A socket, or none, for so many intervals, and what moves in each. */
type Part = readonly [inode: string | null, intervals: number, moves: Moves, listener?: ListenerMoves];

async function play(store: Store, parts: readonly Part[]): Promise<MovingHost> {
  const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
  await learned(store, host);
  const { run } = detector(store);
  for (const [inode, intervals, moves, listener] of parts) {
    host.inode = inode;
    await live(store, host, run, [[intervals, moves, listener]]);
  }
  return host;
}

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
          "The listener 0.0.0.0:81 was closed, and one was opened on its port 50 s later: 40 connections were reset. Drain before closing, or hand the socket to the next process.",
      },
    ]);
  });

  test("is none where a deploy was recorded", async ({ store }) => {
    await insertEvent(store.db, {
      kind: "deploy",
      title: "web 2.0",
      at: T0 + 11 * INTERVAL_MS,
      until: null,
      matchers: [],
      url: null,
      createdBy: "ci",
    });
    await play(store, DEPLOYED);
    expect(await incidentsOf(store)).toEqual([]);
    expect(await restartsIn(store)).toEqual([]);
  });

  test("and does not come back is down after a minute", async ({ store }) => {
    await play(store, [
      ["1", 12, CALM],
      [null, 1, CLOSING],
      [null, 10, REFUSING],
    ]);
    expect(await incidentsOf(store)).toMatchObject([
      { status: "OPEN", cause: "SERVICE_DOWN", urgency: "PAGE" },
    ]);
    expect(await restartsIn(store)).toHaveLength(1);
  });

  test("and does not accept what comes has an incident of that", async ({ store }) => {
    await play(store, [
      ["1", 12, CALM],
      [null, 1, CLOSING],
      [null, 4, REFUSING],
      ["101", 9, { overflows: 60, drops: 60 }, FULL],
    ]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", cause: "APPLICATION_STALLED" }]);
    expect(await restartsIn(store)).toMatchObject([{ value: 40 }]);
  });
});
