/**
 * Who or what follows a link of a message by GET, as people do and as chats, mail filters and previews do for them,
 * signed in or not: pages are opened, and nothing is acknowledged, silenced or resolved.
 */
import { afterEach, beforeEach, expect } from "vitest";
import type { PrismaClient } from "../../src/store/client.ts";
import { judge } from "../support/incidents.ts";
import { startStandIn } from "../support/receivers/alertmanager.ts";
import type { HeldFarEnd } from "../support/receivers/contract.ts";
import { startPagerDuty } from "../support/receivers/pagerduty.ts";
import { startSlack } from "../support/receivers/slack.ts";
import { type MailServer, startMailServer } from "../support/receivers/smtp.ts";
import { startWebhook } from "../support/receivers/webhook.ts";
import { type ReceiversFile, receiversFile, WEBHOOK_SECRET } from "../support/receivers-file.ts";
import { type Service, startService } from "../support/service.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

interface FarEnds {
  readonly pager: HeldFarEnd;
  readonly chat: HeldFarEnd & { readonly webhook: string };
  readonly hook: HeldFarEnd;
  readonly alertmanager: HeldFarEnd;
  readonly mail: MailServer;
}

let farEnds: FarEnds;
let file: ReceiversFile;
beforeEach(async () => {
  farEnds = {
    pager: await startPagerDuty(),
    chat: await startSlack("http"),
    hook: await startWebhook(WEBHOOK_SECRET),
    alertmanager: await startStandIn(),
    mail: await startMailServer(),
  };
  const { pager, chat, hook, alertmanager, mail } = farEnds;
  file = await receiversFile();
  await file.write({ hook: hook.url }, {}, [
    { name: "pager", type: "pagerduty", routing_key: "0123456789abcdef", url: `${pager.url}/v2/enqueue` },
    { name: "chat", type: "slack", url: chat.webhook },
    { name: "alertmanager", type: "alertmanager", urls: [alertmanager.url] },
    {
      name: "mail",
      type: "email",
      smtp_url: `smtp://127.0.0.1:${mail.port}`,
      starttls: "off",
      from: "spillway@example.com",
      to: ["ops@example.com"],
    },
  ]);
});
afterEach(async () => {
  await Promise.all(Object.values(farEnds).map((farEnd: { close(): Promise<void> }) => farEnd.close()));
  await file.remove();
});

/** By what the service calls itself in messages where any port is taken: it does not know it when it reads the file. */
const CALLED = "http://127.0.0.1:0";
const LINK = /http:\/\/127\.0\.0\.1:0[^\s"'<>|\\)]*/g;

/** Every address of the service in what each far end was sent, by far end. */
function linksIn({ mail, ...others }: FarEnds): Map<string, Set<string>> {
  const texts: [string, string][] = [
    ...Object.entries(others).flatMap(([name, { requests }]) =>
      requests.map(({ body }): [string, string] => [name, body]),
    ),
    // Lines of a mail may be cut in two where they are long, and = stands for what is not plain.
    ...mail.mails.map(({ text }): [string, string] => [
      "mail",
      text.replace(/=\r?\n/g, "").replace(/=3D/g, "="),
    ]),
  ];
  const links = new Map<string, Set<string>>();
  for (const [name, text] of texts) {
    const own = links.get(name) ?? new Set();
    for (const [link] of text.matchAll(LINK)) own.add(link);
    links.set(name, own);
  }
  return links;
}

/** All that a person decides about incidents and receivers, as it is kept. */
async function decisions(db: PrismaClient) {
  return {
    incidents: await db.incident.findMany({ orderBy: { id: "asc" } }),
    timeline: await db.timelineEntry.count(),
    silences: await db.silence.count(),
    tests: await db.delivery.count({ where: { kind: "TEST" } }),
    audit: await db.auditEntry.count(),
  };
}

/** Headers of a person who has signed in with all scopes. */
async function session(service: Service): Promise<Record<string, string>> {
  const token = await service.token("read", "operate", "admin");
  const response = await fetch(`${service.url}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ token }),
    redirect: "manual",
  });
  const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  expect(cookie).not.toBe("");
  return { cookie };
}

test("whoever follows the links of messages opens pages, and changes nothing", async ({
  store: { db },
  databaseUrl,
}) => {
  const service = await startService({
    databaseUrl,
    env: { SPILLWAY_RECEIVERS_FILE: file.path },
  });
  const now = Date.now();
  for (const key of ["a", "b"]) {
    await judge(db, { dedupKey: key, urgency: "PAGE", startedAt: now, judgedAt: now });
  }
  const names = Object.keys(farEnds).sort();
  const links = await waitFor(
    "each far end to be told, with a link to a page",
    () => {
      const found = linksIn(farEnds);
      const isPage = (link: string) => /\/incidents(\/\d+)?$/.test(link);
      const without = names.filter((name) => ![...(found.get(name) ?? [])].some(isPage));
      if (without.length > 0) throw new Error(`none at ${without}`);
      return found;
    },
    { timeoutMs: 90_000 },
  );
  await service.graphql('mutation { testReceiver(name: "chat") { status } }');
  for (const [name, own] of linksIn(farEnds)) links.set(name, own);

  const people: readonly [headers: Record<string, string>, status: number][] = [
    [{}, 401],
    [{ "user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)" }, 401],
    [{ authorization: `Bearer ${await service.token("read", "operate", "admin")}` }, 200],
    [await session(service), 200],
  ];
  const before = await decisions(db);
  for (const link of new Set([...links.values()].flatMap((own) => [...own]))) {
    for (const [headers, status] of people) {
      for (const method of ["GET", "HEAD"]) {
        const response = await fetch(link.replace(CALLED, service.url), { method, headers });
        await response.text();
        const type = response.headers.get("content-type");
        expect([link, response.status, type]).toEqual([link, status, expect.stringContaining("text/html")]);
      }
    }
  }
  expect(await decisions(db)).toEqual(before);

  // What a page does when a person asks it to, by the same session, is a POST; by GET that is nothing either.
  const [incident] = before.incidents;
  const query = `mutation { acknowledgeIncident(id: "incident_${incident?.id}") { status } }`;
  const asked = `${service.url}/graphql?query=${encodeURIComponent(query)}`;
  const headers = { ...(await session(service)), "apollo-require-preflight": "1" };
  const signedIn = await decisions(db);
  expect((await fetch(asked, { headers })).status).toBe(405);
  expect(await decisions(db)).toEqual(signedIn);
  expect((await service.graphql(query)).data.acknowledgeIncident).toEqual({ status: "ACKNOWLEDGED" });
  expect((await decisions(db)).incidents[0]).toMatchObject({ status: "ACKNOWLEDGED" });
  expect(await service.stop()).toBe(0);
});
