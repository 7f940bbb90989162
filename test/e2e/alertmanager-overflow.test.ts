/**
 * A real overflow on its way to a real Alertmanager (where it is installed, as in .ci/run): the kernel's counters, the
 * agent, the service, receivers.yml.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { hasAlertmanager, startAlertmanager } from "../support/alertmanager.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { makeNetwork } from "../support/network.ts";
import { type Service, startService } from "../support/service.ts";
import { startVictim } from "../support/victim.ts";
import { waitFor } from "../support/wait.ts";

/** What has fired is sent again each minute. */
const RESENT_MS = 120_000;

/** The incident of the full accept queue, as the service shows it; null before there is one. */
async function stalled(service: Service): Promise<{ id: string; status: string } | null> {
  const { data } = await service.graphql("{ incidents(first: 9) { edges { node { id status cause } } } }");
  const all: { id: string; status: string; cause: string }[] = data.incidents.edges.map(
    ({ node }: { node: object }) => node,
  );
  return all.find(({ cause }) => cause.startsWith("APPLICATION_")) ?? null;
}

test.runIf(hasAlertmanager)(
  "an overflow is an alert with its cause and its listener, also after Alertmanager was restarted, and is over once",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "spillway-receivers-"));
    const network = makeNetwork();
    const database = await createDatabase(inject("postgresUrl"));
    const alertmanager = await startAlertmanager();
    const receivers = {
      allow_private: ["127.0.0.1"],
      route: { receiver: "alertmanager", group_by: ["cause"], group_wait: "0s", group_interval: "1s" },
      receivers: [{ name: "alertmanager", type: "alertmanager", urls: [alertmanager.url] }],
    };
    // JSON is YAML too.
    await writeFile(join(folder, "receivers.yml"), JSON.stringify(receivers));
    const service = await startService({
      databaseUrl: databaseUrlOf(inject("postgresUrl"), database),
      env: {
        SPILLWAY_LISTEN: network.address,
        SPILLWAY_INTERVAL: "1s",
        SPILLWAY_RECEIVERS_FILE: join(folder, "receivers.yml"),
      },
    });
    const victim = await startVictim(network, service, "1s");
    const firing = async () =>
      (await alertmanager.alerts()).find(
        ({ annotations }) => annotations.summary?.endsWith(`on port ${victim.port}: victim`) === true,
      );
    try {
      await victim.reports();
      const recover = victim.stall();
      const alert = await waitFor("the alert", firing, { timeoutMs: 90_000 });
      const incident = await stalled(service);
      expect(alert.labels).toMatchObject({ alertname: "SpillwayIncident" });
      expect(alert.labels.cause).toMatch(/^(APPLICATION_|ACCEPT_QUEUE_)/);
      expect(alert.annotations).toMatchObject({
        listener: `127.0.0.1:${victim.port}`,
        where: "victim",
        url: expect.stringMatching(`/incidents/${incident?.id.replace("incident_", "")}$`),
      });
      await waitFor("its notification", () => alertmanager.told.some(({ status }) => status === "firing"));

      await alertmanager.restart();
      expect(await firing()).toBeUndefined();
      const again = await waitFor("the alert once more", firing, { timeoutMs: RESENT_MS });
      expect(again.labels.incident).toBe(alert.labels.incident);

      await recover();
      await service.graphql(`mutation { resolveIncident(id: "${incident?.id}") { status } }`);
      await waitFor("the alert to be over", async () => (await firing()) === undefined);
      await waitFor("the notification that it is over", () =>
        alertmanager.told.some(
          ({ status, alerts }) =>
            status === "resolved" && alerts.some(({ labels }) => labels.incident === alert.labels.incident),
        ),
      );
      const { data } = await service.graphql("{ receivers { name state lastStatus } }");
      expect(data.receivers).toEqual([{ name: "alertmanager", state: "OK", lastStatus: 200 }]);
    } catch (error) {
      console.error(`the agent wrote:\n${victim.agentLog()}\nthe service wrote:\n${service.output()}`);
      throw error;
    } finally {
      await victim.remove();
      await service.stop();
      await alertmanager.stop();
      network.remove();
      await dropDatabase(inject("postgresUrl"), database);
      await rm(folder, { recursive: true, force: true });
    }
  },
  360_000,
);
