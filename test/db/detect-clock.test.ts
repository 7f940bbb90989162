/** A clock of the service that was ahead for a while, and was set right again. */
import { expect } from "vitest";
import { append, detector, FULL, incidentsOf, type Moves, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const CALM: Moves = { accepted: 50 };
const STALLED: Moves = { overflows: 60, drops: 60 };

test("what was judged six hours ahead keeps no fault from being told of once it is right", async ({
  store,
}) => {
  const host = await MovingHost.make(store, "web-1", T0 + 360 * MINUTE);
  const { run } = detector(store);
  // Its agent keeps the service's time.
  await append(store, await host.intervals(12, CALM));
  await append(store, await host.intervals(6, STALLED, FULL));
  await append(store, await host.intervals(6, CALM));
  await run(host.at + MINUTE);
  expect(await incidentsOf(store)).toHaveLength(1);

  const other = await MovingHost.make(store, "web-2", T0);
  await append(store, await other.intervals(12, CALM));
  await append(store, await other.intervals(6, STALLED, FULL));
  await run(other.at + 5_000);
  expect(await incidentsOf(store)).toContainEqual(
    expect.objectContaining({ cause: "APPLICATION_STALLED", status: "OPEN", members: ["web-2"] }),
  );
  const marks = await store.db.detectState.findMany({ select: { judgedTo: true } });
  for (const { judgedTo } of marks) expect(judgedTo.getTime()).toBeLessThan(other.at + MINUTE);
});
