/** The book of detection across releases: nothing is opened twice, and nothing stays open for ever. */
import { describe, expect } from "vitest";
import { DEFAULT_SETTINGS } from "../../src/detect/settings.ts";
import { judgePresence } from "../../src/jobs/detect/judge-presence.ts";
import type { Store } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { append, detector, FULL, INTERVAL_MS, incidentsOf, MovingHost } from "../support/detection.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const STALLED = { overflows: 60, drops: 60 };

async function stalled(store: Store, name: string): Promise<MovingHost> {
  const host = await MovingHost.make(store, name, T0);
  await append(store, await host.intervals(12, { accepted: 50 }));
  await append(store, await host.intervals(4, STALLED, FULL));
  await detector(store).run(host.at - INTERVAL_MS + 1_000);
  return host;
}

function presence({ db }: Store, now: number) {
  const fleet = { read: () => new FleetView(db, () => now).read() };
  const forgetting = { ephemeral: { name: "ephemeral", value: "true" } };
  const settings = () => DEFAULT_SETTINGS;
  return judgePresence({ db, fleet, roleLabels: ["role"], settings, forgetting }, now);
}

describe("a book of another release", () => {
  test("of the first form is gone on with", async ({ store }) => {
    const host = await stalled(store, "web-1");
    await store.db.$executeRaw`
      UPDATE detect_book SET version = 1, data = data - 'inhibited' - 'orphans'`;
    await append(store, await host.intervals(3, STALLED, FULL));
    await append(store, await host.intervals(40, { accepted: 50 }));
    await detector(store).run(host.at + MINUTE);
    expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED", kinds: ["OPENED", "RESOLVED"] }]);
  });

  test("of a later one is begun anew: what lasts goes on as the same incident, what does not is resolved", async ({
    store,
  }) => {
    const [lasting, over] = [await stalled(store, "web-1"), await stalled(store, "web-2")];
    await append(store, await lasting.intervals(12, STALLED, FULL));
    await append(store, await over.intervals(12, { accepted: 50 }));
    await detector(store).run(lasting.at + 25_000);
    const [first, second] = await incidentsOf(store);
    expect([first?.status, second?.status]).toEqual(["OPEN", "OPEN"]);
    await store.db.$executeRaw`UPDATE detect_book SET version = 99, data = '{"unknown": []}'`;
    await store.db.$executeRaw`UPDATE detect_state SET watched = '{}', lasting = '[]'`;
    await append(store, await lasting.intervals(6, STALLED, FULL));
    await append(store, await over.intervals(6, { accepted: 50 }));
    await detector(store).run(lasting.at + 1_000);
    await presence(store, lasting.at + 5 * MINUTE);
    expect(await incidentsOf(store)).toMatchObject([
      { id: first?.id, status: "OPEN" },
      { id: second?.id, status: "OPEN" },
    ]);
    await presence(store, lasting.at + 11 * MINUTE);
    expect(await incidentsOf(store)).toMatchObject([
      { id: first?.id, status: "OPEN", kinds: ["OPENED"] },
      { id: second?.id, status: "RESOLVED", kinds: ["OPENED", "RESOLVED"] },
    ]);
  });

  test("is taken over though nothing else is the matter", async ({ store }) => {
    const host = await stalled(store, "web-1");
    await store.db.$executeRaw`UPDATE detect_book SET version = 99`;
    await presence(store, host.at + MINUTE);
    await presence(store, host.at + 12 * MINUTE);
    expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED" }]);
  });
});
