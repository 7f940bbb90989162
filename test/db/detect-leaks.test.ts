/** Slow leaks, as the jobs find them in the hours of a real store. */
import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { append, detector, incidentsOf, learned, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

/** In the middle of an hour, so that each hour has the snapshot of one. */
const T0 = Date.UTC(2026, 10, 23, 12, 30);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OPEN = 1_000n;

/** Hours of a host that sends once in each, with so many connections more open every time. */
async function hours(store: Store, host: MovingHost, more: readonly bigint[], accepted = 3_600) {
  for (const grown of more) {
    host.raw.set("TcpCurrEstab", (host.raw.get("TcpCurrEstab") ?? OPEN) + grown);
    await append(store, await host.intervals(1, { accepted }));
  }
}

async function quietHost(store: Store): Promise<MovingHost> {
  const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
  host.everyMs = HOUR;
  await learned(store, host, { openConnections: Number(OPEN) });
  await hours(
    store,
    host,
    Array.from({ length: 12 }, () => 0n),
  );
  return host;
}

const leaksOf = ({ db }: Store) => db.anomaly.findMany({ where: { detector: "leak" } });

test("a leak is a ticket after six hours, whoever judges, and over once when it is closed", async ({
  store,
}) => {
  const host = await quietHost(store);
  // Each time another process, which has just begun.
  const judge = () => detector(store).run(host.at - HOUR + 2 * MINUTE);
  await hours(store, host, [100n, 100n, 100n, 100n, 100n]);
  await judge();
  expect(await leaksOf(store)).toEqual([]);
  // The fifth of these hours is summed up when the next one is heard of.
  await hours(store, host, [100n]);
  await judge();
  const [incident] = await incidentsOf(store);
  expect(incident).toMatchObject({
    cause: "CONNECTION_LEAK",
    urgency: "TICKET",
    status: "OPEN",
    title: "Connections leak: web-1",
    members: ["web-1"],
  });
  const once = await leaksOf(store);
  expect(once).toMatchObject([
    {
      counter: "TcpCurrEstab",
      namespaceId: host.member.namespaceId,
      endedAt: null,
      incidentId: incident?.id,
    },
  ]);
  await judge();
  expect(await leaksOf(store)).toEqual(once);

  for (const more of [-600n, 0n, 0n]) {
    await hours(store, host, [more]);
    await judge();
  }
  expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED", kinds: ["OPENED", "RESOLVED"] }]);
  expect(await leaksOf(store)).toMatchObject([{ endedAt: expect.any(Date) }]);
});

test("more connections of more clients are no leak", async ({ store }) => {
  const host = await quietHost(store);
  for (let hour = 1; hour <= 8; hour++) await hours(store, host, [100n], 3_600 + 1_000 * hour);
  await detector(store).run(host.at - HOUR + 2 * MINUTE);
  expect(await leaksOf(store)).toEqual([]);
});
