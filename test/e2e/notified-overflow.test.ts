/**
 * A real overflow on its way out: the kernel's counters, the agent, the service, receivers.yml, and far ends of every
 * kind that hold what they are sent to their contracts; among them a real Alertmanager, where it is installed.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasAlertmanager, startAlertmanager } from "../support/alertmanager.ts";
import { Started } from "../support/namespaces.ts";
import { makeNetwork } from "../support/network.ts";
import { startOnOwnDatabase } from "../support/own-database-service.ts";
import { startPagerDuty } from "../support/receivers/pagerduty.ts";
import { startSlack } from "../support/receivers/slack.ts";
import { startMailServer } from "../support/receivers/smtp.ts";
import { startWebhook } from "../support/receivers/webhook.ts";
import type { Service } from "../support/service.ts";
import { startVictim, type Victim } from "../support/victim.ts";
import { waitFor } from "../support/wait.ts";

/** An incident is opened within seconds, on a machine with nothing else to do. */
const OPENED_MS = 90_000;
/** What has fired is sent to Alertmanager again each minute. */
const RESENT_MS = 120_000;

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

interface Overflowing {
  readonly service: Service;
  readonly victim: Victim;
  /** Waits for the incident of the full accept queue. @returns its id, as GraphQL has it */
  incident(): Promise<string>;
  resolve(id: string): Promise<void>;
}

/** A service with these receivers, each of which is told of everything at once, and a host whose queue is full. */
async function overflowTo(
  receivers: readonly ({ readonly name: string } & Record<string, unknown>)[],
  started: Started,
): Promise<Overflowing> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-receivers-"));
  started.add(() => rm(folder, { recursive: true, force: true }));
  const everything = { matchers: ["cause=~.+"], continue: true };
  const file = {
    allow_private: ["127.0.0.1"],
    route: {
      receiver: null,
      group_by: ["incident"],
      group_wait: "0s",
      group_interval: "1s",
      // Whatever else is found of the victim is told by itself.
      page_limit: null,
      routes: receivers.map(({ name }) => ({ ...everything, receiver: name })),
    },
    receivers,
  };
  // JSON is YAML too.
  await writeFile(join(folder, "receivers.yml"), JSON.stringify(file));
  const network = makeNetwork();
  started.add(() => network.remove());
  const service = await startOnOwnDatabase({
    env: {
      SPILLWAY_LISTEN: network.address,
      SPILLWAY_INTERVAL: "1s",
      SPILLWAY_RECEIVERS_FILE: join(folder, "receivers.yml"),
    },
  });
  started.add(() => service.close());
  const victim = await startVictim(network, service, "1s");
  started.add(() => victim.remove());
  await victim.reports();
  const recover = victim.stall();
  return {
    service,
    victim,
    incident: () =>
      waitFor(
        "an incident of a full accept queue",
        async () => {
          const { data } = await service.graphql("{ incidents(first: 9) { edges { node { id title } } } }");
          const all: { id: string; title: string }[] = data.incidents.edges.map(
            ({ node }: { node: object }) => node,
          );
          return all.find(({ title }) => title.endsWith(`on port ${victim.port}: victim`))?.id;
        },
        { timeoutMs: OPENED_MS },
      ),
    resolve: async (id) => {
      await recover();
      const { data } = await service.graphql(`{ incident(id: "${id}") { status } }`);
      if (data.incident.status === "RESOLVED") return;
      const { errors } = await service.graphql(`mutation { resolveIncident(id: "${id}") { status } }`);
      expect(errors).toBeUndefined();
    },
  };
}

interface PagerDutyEvent {
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload?: { readonly summary: string };
}

async function withStarted(run: (started: Started) => Promise<void>): Promise<void> {
  const started = new Started();
  try {
    await run(started);
  } finally {
    await started.end();
  }
}

test("an overflow is told to every kind of far end, by its rules, and so is its end", () =>
  withStarted(async (started) => {
    const [pagerduty, slack, webhook, mail] = [
      await startPagerDuty(),
      await startSlack("http"),
      await startWebhook(SECRET),
      await startMailServer(),
    ];
    for (const farEnd of [pagerduty, slack, webhook, mail]) started.add(() => farEnd.close());
    const { service, victim, incident, resolve } = await overflowTo(
      [
        {
          name: "pagerduty",
          type: "pagerduty",
          routing_key: "0123456789",
          url: `${pagerduty.url}/v2/enqueue`,
        },
        { name: "slack", type: "slack", url: slack.webhook },
        { name: "webhook", type: "webhook", url: webhook.url, secret: SECRET },
        {
          name: "mail",
          type: "email",
          smtp_url: `smtp://127.0.0.1:${mail.port}`,
          starttls: "optional",
          from: "spillway@example.com",
          to: ["ops@example.com"],
        },
      ],
      started,
    );
    const id = await incident();
    const listener = `127.0.0.1:${victim.port}`;
    const own = `on port ${victim.port}: victim`;
    const about = (texts: readonly string[]) => texts.filter((text) => text.includes(own));
    const events = () => pagerduty.requests.map(({ json }) => json as PagerDutyEvent);
    /** What each far end was told of this incident, the oldest first; PagerDuty only of its beginning. */
    const told = () => ({
      pagerduty: events().filter(({ payload }) => payload?.summary.includes(own)),
      slack: about(slack.requests.map(({ body }) => body)),
      webhook: about(webhook.requests.map(({ body }) => body)),
      mail: mail.mails.filter(({ head }) => head.some((line) => line.includes(own))),
    });
    await waitFor("all to be told of it", () => Object.values(told()).every((all) => all.length > 0));
    const first = told();
    const [triggered] = first.pagerduty;
    expect(triggered).toMatchObject({ event_action: "trigger", payload: { component: listener } });
    expect(first.slack[0]).toContain(`*Listener*\\n${listener}`);
    expect(JSON.parse(first.webhook[0] ?? "")).toMatchObject({
      type: "incident.opened",
      data: { incidents: [{ id, hosts: ["victim"] }] },
    });
    expect(first.mail[0]?.text).toContain(`Listener: ${listener}`);

    await waitFor("all to be told of its end", async () => {
      // What the last seconds before it say may open it again: a person would resolve it once more.
      await resolve(id);
      const now = told();
      return (
        events().some(
          ({ event_action, dedup_key }) => event_action === "resolve" && dedup_key === triggered?.dedup_key,
        ) &&
        now.slack.some((text) => text.includes("[RESOLVED]")) &&
        now.webhook.some((text) => text.includes('"incident.resolved"')) &&
        now.mail.some(({ head }) => head.some((line) => line.startsWith("Subject: [RESOLVED]")))
      );
    });
    for (const { faults } of [pagerduty, slack, webhook, mail]) expect(faults).toEqual([]);
    const { data } = await service.graphql("{ receivers { state } }");
    expect(data.receivers).toEqual(Array.from({ length: 4 }, () => ({ state: "OK" })));
  }));

test.runIf(hasAlertmanager)(
  "it is an alert of a real Alertmanager, also after that was restarted (where it is installed)",
  () =>
    withStarted(async (started) => {
      const alertmanager = await startAlertmanager();
      started.add(() => alertmanager.stop());
      const receiver = { name: "alertmanager", type: "alertmanager", urls: [alertmanager.url] };
      const { victim, incident, resolve } = await overflowTo([receiver], started);
      const firing = async () =>
        (await alertmanager.alerts()).find(
          ({ annotations }) => annotations.summary?.endsWith(`on port ${victim.port}: victim`) === true,
        );
      const alert = await waitFor("the alert", firing, { timeoutMs: OPENED_MS });
      const id = await incident();
      expect(alert).toMatchObject({
        labels: { alertname: "SpillwayIncident" },
        annotations: {
          cause: expect.stringMatching(/^(application|accept queue) .*, confidence \d+ %$/),
          listener: `127.0.0.1:${victim.port}`,
          where: "victim",
          url: expect.stringMatching(`/incidents/${id.replace("incident_", "")}$`),
        },
      });
      await waitFor("its notification", () => alertmanager.told.some(({ status }) => status === "firing"));

      await alertmanager.restart();
      // With storage of its own it knows nothing but what it is sent after this, which may be at once.
      const again = await waitFor("the alert once more", firing, { timeoutMs: RESENT_MS });
      expect(again.labels.incident).toBe(alert.labels.incident);

      await waitFor("the alert to be over", async () => {
        await resolve(id);
        return (await firing()) === undefined;
      });
      await waitFor("the notification that it is over", () =>
        alertmanager.told.some(
          ({ status, alerts }) =>
            status === "resolved" && alerts.some(({ labels }) => labels.incident === alert.labels.incident),
        ),
      );
    }),
  360_000,
);
