/** Receivers beside a real Alertmanager (where it is installed, as in .ci/run): what the stand-in of the unit tests cannot show. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NotifiedIncident } from "../../src/notify/receiver.ts";
import { hasAlertmanager, startAlertmanager, type TestAlertmanager } from "../support/alertmanager.ts";
import { sendBy } from "../support/receivers/deps.ts";
import { hostileNotification, incident, notification, notified } from "../support/receivers/notifications.ts";
import { waitFor } from "../support/wait.ts";

describe.runIf(hasAlertmanager)("a real Alertmanager", () => {
  let alertmanager: TestAlertmanager;
  beforeEach(async () => {
    alertmanager = await startAlertmanager();
  });
  afterEach(() => alertmanager.stop());

  const send = (incidents: readonly NotifiedIncident[]) =>
    sendBy(
      { type: "alertmanager", urls: [alertmanager.url] },
      notification({ incidents, groupLabels: {}, at: Date.now() }),
    );

  /** An incident of ten minutes ago that goes on, or was over a moment ago. */
  const since = (name: string, isOver: boolean, role = "web") =>
    notified({
      incident: incident({
        dedupKey: name,
        startedAt: Date.now() - 600_000,
        resolvedAt: isOver ? Date.now() - 1_000 : null,
      }),
      labelsAtFirst: { role, cause: "APPLICATION_STALLED" },
    });

  const names = async () => (await alertmanager.alerts()).map(({ labels }) => labels.incident).sort();

  test("receives, groups and resolves what it is sent", async () => {
    expect(await send([since("a", false), since("b", false)])).toMatchObject({
      delivered: true,
      status: 200,
    });
    expect(await send([since("c", false, "db")])).toMatchObject({ delivered: true });
    expect(await names()).toEqual(["a", "b", "c"]);
    const [alert] = await alertmanager.alerts();
    expect(alert).toMatchObject({
      labels: { alertname: "SpillwayIncident", severity: "critical", cause: "APPLICATION_STALLED" },
      annotations: { listener: "0.0.0.0:8080", lost_or_delayed: "56 % of new connections (47 % to 90 %)" },
    });
    const web = await waitFor("its notification of both", () =>
      alertmanager.told.find(({ groupLabels, alerts }) => groupLabels.role === "web" && alerts.length === 2),
    );
    expect(web.status).toBe("firing");

    expect(await send([since("a", true), since("b", true)])).toMatchObject({ delivered: true });
    await waitFor("its notification that both are over", () =>
      alertmanager.told.some(
        ({ status, groupLabels }) => status === "resolved" && groupLabels.role === "web",
      ),
    );
    expect(await names()).toEqual(["c"]);
    expect(
      alertmanager.told.some(({ status, groupLabels }) => status === "resolved" && groupLabels.role === "db"),
    ).toBe(false);
  });

  test("restarted without what it knew, it has the alert again after the next sending, and its end", async () => {
    await send([since("a", false)]);
    expect(await names()).toEqual(["a"]);
    await alertmanager.restart();
    expect(await names()).toEqual([]);
    await send([since("a", false)]);
    expect(await names()).toEqual(["a"]);
    await send([since("a", true)]);
    expect(await names()).toEqual([]);
  });

  test("takes whatever others have called things", async () => {
    await fc.assert(
      fc.asyncProperty(hostileNotification, async ({ incidents, groupLabels }) => {
        const told = notification({ incidents: incidents.slice(0, 30), groupLabels, at: Date.now() });
        const settings = { type: "alertmanager", urls: [alertmanager.url] };
        expect(await sendBy(settings, told)).toMatchObject({ delivered: true, status: 200 });
      }),
      { numRuns: 10 },
    );
  });
});
