/** Notifications of a service as a user runs it: receivers.yml, far ends good and bad, what is shown of them. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect } from "vitest";
import type { PrismaClient } from "../../src/store/client.ts";
import { type Answer, type FarEnd, ok, startFarEnd } from "../support/far-end.ts";
import { judge, recover } from "../support/incidents.ts";
import { type ReceiversFile, receiversFile } from "../support/receivers-file.ts";
import { cleanEnvironment, type Service, startService } from "../support/service.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

/** To be told takes a tick, and on a machine that is busy a while. */
const LONG = { timeoutMs: 90_000 };

const RECEIVERS =
  "{ receivers { name kind target state failingSince lastStatus lastAnswer lastDelivery { kind status } } }";

let file: ReceiversFile;
const farEnds: FarEnd[] = [];
beforeEach(async () => {
  file = await receiversFile();
});
afterEach(async () => {
  await Promise.all(farEnds.splice(0).map((farEnd) => farEnd.close()));
  await file.remove();
});

async function farEnd(answer?: Answer): Promise<FarEnd> {
  const started = await startFarEnd(answer);
  farEnds.push(started);
  return started;
}

function start(databaseUrl: string): Promise<Service> {
  return startService({
    databaseUrl,
    env: { SPILLWAY_RECEIVERS_FILE: file.path },
  });
}

/** Opens an incident as detection does, now. */
async function open(db: PrismaClient, dedupKey: string): Promise<number> {
  const now = Date.now();
  return (await judge(db, { dedupKey, startedAt: now, judgedAt: now })).incidentId;
}

const typesOf = ({ asked }: FarEnd) => asked.map(({ body }) => (JSON.parse(body) as { type: string }).type);

describe("a service with receivers", () => {
  test("tells of an incident and of its end, shows what was answered, and tests on demand", async ({
    store: { db },
    databaseUrl,
  }) => {
    const hook = await farEnd();
    await file.write({ hook: hook.url });
    const service = await start(databaseUrl);
    const before = await service.graphql(RECEIVERS);
    expect(before.data.receivers).toEqual([
      {
        name: "hook",
        kind: "WEBHOOK",
        target: `127.0.0.1:${hook.port}`,
        state: null,
        failingSince: null,
        lastStatus: null,
        lastAnswer: null,
        lastDelivery: null,
      },
    ]);

    const tested = await service.graphql(
      'mutation { testReceiver(name: "hook") { kind status attempts lastStatus lastAnswer } }',
    );
    expect(tested.data?.testReceiver).toEqual({
      kind: "TEST",
      status: "DELIVERED",
      attempts: 1,
      lastStatus: 200,
      lastAnswer: "200: ok",
    });
    expect(typesOf(hook)).toEqual(["receiver.test"]);

    const id = await open(db, "a");
    await waitFor("its beginning", () => hook.asked.length === 2, LONG);
    await recover(db, { dedupKey: "a", judgedAt: Date.now() + 1 });
    await waitFor("its end", () => hook.asked.length === 3, LONG);
    expect(typesOf(hook).slice(1)).toEqual(["incident.opened", "incident.resolved"]);
    expect(JSON.parse(hook.asked[1]?.body ?? "")).toMatchObject({
      data: {
        url: expect.stringMatching(new RegExp(`/incidents/${id}$`)),
        incidents: [{ id: `incident_${id}` }],
      },
    });
    const { data } = await waitFor("it to be kept", async () => {
      const shown = await service.graphql(
        `{ incident(id: "incident_${id}") { deliveries { edges { node { receiver kind status lastAnswer } } } } audit(first: 5) { edges { node { action target } } } }`,
      );
      return (
        shown.data.incident.deliveries.edges.every(
          ({ node }: { node: { status: string } }) => node.status === "DELIVERED",
        ) && shown
      );
    });
    expect(data.incident.deliveries.edges).toEqual(
      ["RESOLVED", "OPENED"].map((kind) => ({
        node: { receiver: "hook", kind, status: "DELIVERED", lastAnswer: "200: ok" },
      })),
    );
    expect(data.audit.edges).toContainEqual({ node: { action: "receiver.test", target: "hook" } });
    const metrics = await (
      await fetch(`${service.url}/metrics`, {
        headers: { authorization: `Bearer ${await service.token("read")}` },
      })
    ).text();
    expect(metrics).toContain('spillway_notifications_total{receiver="hook",outcome="delivered"} 2');
    expect(metrics).toContain("spillway_notifications_oldest_pending_seconds 0");
    expect(JSON.stringify(await service.graphql(RECEIVERS)) + service.output()).not.toContain("whsec_");
    expect(await service.stop()).toBe(0);
  });

  test("is told by far ends that misbehave, each is shown as it does, and none harms another", async ({
    store: { db },
    databaseUrl,
  }) => {
    const broken = await farEnd((response) => response.writeHead(500).end("out of order"));
    const limited = await farEnd((response) => response.writeHead(429, { "retry-after": "3600" }).end());
    const redirecting = await farEnd((response) =>
      response.writeHead(307, { location: "http://127.0.0.1:22/" }).end(),
    );
    const hanging = await farEnd(() => undefined);
    const dripping = await farEnd((response) => {
      const timer = setInterval(() => response.write("x"), 100);
      response.once("close", () => clearInterval(timer));
    });
    const flooding = await farEnd((response) => response.writeHead(400).end("x".repeat(1_000_000)));
    const gone = await farEnd((response) => response.writeHead(410).end("no more"));
    const good = await farEnd();
    const all = { broken, limited, redirecting, hanging, dripping, flooding, gone, good };
    const urls = Object.fromEntries(Object.entries(all).map(([name, { url }]) => [name, url]));
    await file.write(urls, { timeout: "5s" });
    const service = await start(databaseUrl);
    for (const key of ["a", "b", "c", "d"]) await open(db, key);
    await waitFor("the good one to hear of all", () => good.asked.length === 4, LONG);

    const receivers = await waitFor(
      "each of the others to have been tried",
      async () => {
        const { data } = await service.graphql(RECEIVERS);
        const shown = data.receivers as {
          name: string;
          state: string | null;
          lastStatus: number | null;
          lastAnswer: string;
        }[];
        return (
          shown.every(({ state }) => state !== null) &&
          Object.fromEntries(shown.map(({ name, ...rest }) => [name, rest]))
        );
      },
      LONG,
    );
    expect(receivers).toMatchObject({
      good: { state: "OK", lastStatus: 200, failingSince: null },
      broken: { state: "FAILING", lastStatus: 500, lastAnswer: expect.stringContaining("out of order") },
      limited: { state: "FAILING", lastStatus: 429 },
      redirecting: { state: "FAILING", lastStatus: 307, lastAnswer: expect.stringContaining("not followed") },
      hanging: {
        state: "FAILING",
        lastStatus: null,
        lastAnswer: expect.stringContaining("has not answered within 5 s"),
      },
      dripping: {
        state: "FAILING",
        lastStatus: null,
        lastAnswer: expect.stringContaining("has not answered within 5 s"),
      },
      flooding: { state: "FAILING", lastStatus: 400 },
      gone: { state: "DISABLED", lastStatus: 410, lastAnswer: expect.stringContaining("no more") },
    });
    // Asked for an hour of patience, and for none at all.
    expect(new Set(limited.asked.map(({ headers }) => headers["webhook-id"])).size).toBe(
      limited.asked.length,
    );
    const refused = gone.asked.length;

    gone.answer = ok;
    await open(db, "e");
    await waitFor("the good one to hear of one more", () => good.asked.length === 5, LONG);
    expect(gone.asked).toHaveLength(refused);
    const tested = await service.graphql('mutation { testReceiver(name: "gone") { status } }');
    expect(tested.data?.testReceiver).toEqual({ status: "DELIVERED" });
    await waitFor(
      "what was disabled to be told of all that goes on",
      () =>
        typesOf(gone)
          .slice(refused)
          .filter((type) => type === "incident.opened").length === 5,
      LONG,
    );
    expect(await service.stop()).toBe(0);
  });

  test("reads its receivers again at SIGHUP, and keeps those it has when the new are faulty", async ({
    store: { db },
    databaseUrl,
  }) => {
    const [first, second] = [await farEnd(), await farEnd()];
    await file.write({ first: first.url });
    const service = await start(databaseUrl);
    await file.writeText("route: {receiver: nobody}\nreceivers: []\n");
    service.process.kill("SIGHUP");
    await waitFor("the fault to be told", () => service.output().includes(`${file.path}:1:19`));
    await open(db, "a");
    await waitFor("the receiver before it to hear", () => first.asked.length === 1, LONG);

    await file.write({ first: first.url, second: second.url });
    service.process.kill("SIGHUP");
    await waitFor("the new one to hear of what goes on", () => second.asked.length === 1, LONG);
    await open(db, "b");
    await waitFor("both to hear of what is new", () => first.asked.length + second.asked.length === 4, LONG);

    // No example has a title like this one's, so that check-config cannot know.
    const message =
      '{% for one in incidents %}{% if one.title contains "nginx" %}{{ one.nope }}{% endif %}{% endfor %}';
    await file.write({ first: first.url }, { template: { message } });
    service.process.kill("SIGHUP");
    await waitFor("the template to be in force", async () => {
      const { data } = await service.graphql('mutation { testReceiver(name: "second") { status } }');
      return data === null;
    });
    await open(db, "c");
    await waitFor("it to be told all the same", () => first.asked.length === 3, LONG);
    await waitFor("the fault to be told", () =>
      service.output().includes("a template of receivers.yml failed"),
    );
    const { data } = await service.graphql(RECEIVERS);
    expect(data.receivers).toMatchObject([
      { state: "OK", lastAnswer: expect.stringContaining("there is no variable one.nope") },
    ]);
    expect(await service.stop()).toBe(0);
  });
});

test("check-config names each fault of the receivers file with its place", async () => {
  await file.writeText(
    "route: {receiver: pager, group_wait: soon}\nreceivers:\n  - {name: pager, type: fax}\n",
  );
  const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
  const check = () =>
    spawnSync(process.execPath, [main, "check-config"], {
      env: { ...cleanEnvironment(), SPILLWAY_RECEIVERS_FILE: file.path },
      encoding: "utf8",
    });
  const { status, stderr } = check();
  expect(status).toBe(1);
  expect(stderr).toContain(`${file.path}:1:38: route.group_wait: "soon" is not a span of time`);
  expect(stderr).toContain(`${file.path}:3:25: receivers[0].type:`);
  await file.writeText(
    [
      "route: {}",
      "receivers:",
      "  - name: chat",
      "    type: slack",
      "    url: https://slack.example/",
      "    template:",
      "      section: |",
      "        *{{ subject }}*",
      "        {{ incident.titel }}",
    ].join("\n"),
  );
  expect(check().stderr).toContain(
    `${file.path}:9:12: receivers[0].template.section: there is no variable incident.titel`,
  );
  await file.write({ hook: "https://example.com/hook" });
  expect(check()).toMatchObject({ status: 0, stdout: "the configuration is good\n" });
});
