/** One fault on some hosts of a role of a hundred, in a real store: whose incident it is. */
import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { append, detector, FULL, incidentsOf, type Moves, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };
const HOSTS = 100;
/** Each makes 1,200 snapshots. */
const TIMEOUT_MS = 300_000;

/** A hundred hosts of one role, so many of which accept nothing for a minute. @returns the end of that minute */
async function fault(store: Store, failing: number): Promise<number> {
  let now = T0;
  for (let index = 0; index < HOSTS; index++) {
    const host = await MovingHost.make(store, `web-${index}`, T0, { role: "web" });
    const rows = await host.intervals(7, CALM);
    rows.push(...(index < failing ? await host.intervals(5, STALLED, FULL) : await host.intervals(5, CALM)));
    await append(store, rows);
    now = host.at;
  }
  return now;
}

test("on 19 hosts of a hundred it is an incident of each", { timeout: TIMEOUT_MS }, async ({ store }) => {
  const now = await fault(store, 19);
  const { run, judge } = detector(store);
  await run(now);
  await judge(now);
  const incidents = await incidentsOf(store);
  expect(incidents.map(({ members }) => members)).toEqual(
    expect.arrayContaining(Array.from({ length: 19 }, (_, index) => [`web-${index}`])),
  );
  expect(incidents).toHaveLength(19);
  for (const one of incidents) {
    expect(one).toMatchObject({ cause: "APPLICATION_STALLED", status: "OPEN", kinds: ["OPENED"] });
  }
});

test("on 21 it is one incident of the role, from its first moment", { timeout: TIMEOUT_MS }, async ({
  store,
}) => {
  const now = await fault(store, 21);
  const { run, judge } = detector(store);
  await run(now);
  await judge(now);
  const incidents = await incidentsOf(store);
  expect(incidents).toMatchObject([
    {
      cause: "APPLICATION_STALLED",
      status: "OPEN",
      title: "Application accepts nothing: 21 hosts of web",
      labels: { role: "web" },
    },
  ]);
  expect(incidents[0]?.members).toHaveLength(21);
  expect(incidents[0]?.kinds.filter((kind) => kind === "OPENED")).toHaveLength(1);
});
