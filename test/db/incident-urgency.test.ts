/** How loudly an incident is told, and which other one explains it: kept, told once, and seen by whoever asks. */
import { describe, expect } from "vitest";
import { judgePresence } from "../../src/jobs/detect/judge-presence.ts";
import { inTransaction } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { touchHosts } from "../../src/store/host-status.ts";
import { readIncidents } from "../../src/store/incidents/incident-pages.ts";
import { setInhibition } from "../../src/store/incidents/inhibit.ts";
import { append, detector, FULL, INTERVAL_MS, incidentsOf, MovingHost } from "../support/detection.ts";
import { judge, newMember, recover, T0 } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;

describe("how loudly an incident is told", () => {
  test("is the loudest since it was opened last, and each change is told", async ({ store }) => {
    const hosts = [await newMember(store.db, "web-1")];
    await judge(store.db, { hosts });
    for (const [index, urgency] of (["PAGE", "TICKET", "NOTE"] as const).entries()) {
      await judge(store.db, { hosts, urgency, judgedAt: T0 + (index + 2) * MINUTE });
    }
    expect(await incidentsOf(store)).toMatchObject([
      { urgency: "PAGE", kinds: ["OPENED", "URGENCY_CHANGED"] },
    ]);
    await recover(store.db);
    await judge(store.db, { hosts, urgency: "TICKET", judgedAt: T0 + 12 * MINUTE });
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", urgency: "TICKET" }]);
    expect(await readIncidents(store.db, {}, { after: null, limit: 1 })).toMatchObject([
      { urgency: "TICKET", inhibitedBy: null },
    ]);
  });

  test("is a page where a tenth of handshakes are lost", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0, { role: "web" });
    await append(store, await host.intervals(12, { accepted: 50 }));
    await append(store, await host.intervals(4, { overflows: 60, drops: 60 }, FULL));
    await detector(store).run(host.at - INTERVAL_MS + 1_000);
    expect(await incidentsOf(store)).toMatchObject([{ cause: "APPLICATION_STALLED", urgency: "PAGE" }]);
  });
});

describe("an incident that another explains", () => {
  test("says by which, and when none does any more; once", async ({ store }) => {
    const hosts = [await newMember(store.db, "web-1")];
    const { incidentId } = await judge(store.db, { hosts });
    const silent = {
      dedupKey: "web-1 silent",
      cause: "HOST_SILENT",
      title: "Nothing is heard: web-1",
    } as const;
    const { incidentId: by } = await judge(store.db, { hosts, ...silent });
    const say = (key: string | null, judgedAt: number) =>
      inTransaction(store.db, (tx) =>
        setInhibition(tx, { dedupKey: "web slow", by: key, judgedAt }, judgedAt + 1_000),
      );
    expect(await say("web-1 silent", T0 + 2 * MINUTE)).toBe(incidentId);
    expect(await say("web-1 silent", T0 + 3 * MINUTE)).toBeNull();
    expect(await readIncidents(store.db, {}, { after: null, limit: 2 })).toMatchObject([
      { id: by, inhibitedBy: null },
      { id: incidentId, inhibitedBy: by },
    ]);
    expect(await say(null, T0 + 4 * MINUTE)).toBe(incidentId);
    const [told] = await incidentsOf(store);
    expect(told).toMatchObject({ inhibitedBy: null, kinds: ["OPENED", "INHIBITED", "RELEASED"] });
    await recover(store.db);
    expect(await say("web-1 silent", T0 + 20 * MINUTE)).toBeNull();
  });

  test("stays open while its host is silent, and is released when the host is heard again", async ({
    store,
  }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    const { run, deps } = detector(store);
    const heard = (at: number) =>
      touchHosts(store.db, [
        {
          hostId: host.member.hostId,
          lastSeen: at,
          epochId: 1,
          everyMs: INTERVAL_MS,
          agentVersion: "1",
          clockSkewMs: 0,
          health: null,
        },
      ]);
    const presence = (now: number) =>
      judgePresence(
        {
          ...deps,
          fleet: { read: () => new FleetView(store.db, () => now).read() },
          forgetting: { ephemeral: { name: "ephemeral", value: "true" } },
        },
        now,
      );
    await append(store, await host.intervals(12, { accepted: 50 }));
    await append(store, await host.intervals(4, { overflows: 60, drops: 60 }, FULL));
    const last = host.at - INTERVAL_MS;
    await heard(last);
    await run(last + 1_000);
    await presence(last + 2 * MINUTE);
    const [stalled, silent] = await incidentsOf(store);
    expect(silent).toMatchObject({ cause: "HOST_SILENT", inhibitedBy: null });
    expect(stalled).toMatchObject({
      status: "OPEN",
      inhibitedBy: silent?.id,
      kinds: ["OPENED", "INHIBITED"],
    });

    for (let at = last + 2 * MINUTE; at <= last + 8 * MINUTE; at += 30_000) {
      await heard(at);
      await presence(at + 1_000);
    }
    expect(await incidentsOf(store)).toMatchObject([
      { status: "OPEN", inhibitedBy: null, kinds: ["OPENED", "INHIBITED", "RELEASED"] },
      { status: "RESOLVED" },
    ]);
  });
});
