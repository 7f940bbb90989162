/**
 * Nothing lost, nothing twice, between the real agent and the real service, whatever befalls either: each test
 * ends by comparing the agent's journal with the rows that are stored. Most of their time is waiting for an
 * agent that backs off, so they run side by side.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hashSecret } from "../../src/store/tokens.ts";
import { setAsideIn } from "../support/delivery.ts";
import { Link, type PassedPush } from "../support/link.ts";
import { suiteService } from "../support/own-database-service.ts";
import { LONG, Scenario } from "../support/scenario.ts";
import { makeToken, type Service, withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const KILLS = Number(process.env.SPILLWAY_TEST_KILLS ?? 8);
/** What a busy machine may put between a snapshot and its push; the oldest of the backlog are three times as old. */
const SLACK_MS = 10_000;
const ROOT_ALONE = ["--namespaces", "root"];

/** Of those tests that do not stop it. */
const service = suiteService();

describe.concurrent("the service ends with exactly what the agent collected", { timeout: 300_000 }, () => {
  test("the service down for as long as an hour's snapshots take: caught up in batches, the newest first", async (hooks) => {
    const scenario = await Scenario.begin("outage", hooks);
    const link = await Link.open();
    hooks.onTestFinished(() => link.close());
    // So that a push takes longer than an interval, as on a slow line: then there is something new for each.
    link.delayMs = 250;
    const agent = scenario.agent(link.url, { flags: ["--interval", "100ms", ...ROOT_ALONE] });
    await scenario.collects(360, "while nothing listens");
    expect(link.pushes.every(({ status }) => status === null)).toBe(true);
    const own = await scenario.service();
    const upAt = Date.now();
    link.target = own.url;
    await scenario.expectExact(agent, own);

    const timesOf = ({ push }: PassedPush) =>
      push.hosts.flatMap(({ snapshots }) => snapshots.map(({ at }) => at));
    const pushes = [...link.pushes].sort((a, b) => a.time - b.time);
    const first = pushes.findIndex(({ status }) => status === 200);
    const last = pushes.findLastIndex((one) => timesOf(one).some((at) => at < upAt));
    // One, then twice as many each time: a backlog of hundreds in a handful of pushes.
    expect(last - first).toBeGreaterThan(4);
    expect(last - first).toBeLessThan(30);
    // And each with something that came at about the push before it or later, for all of the backlog.
    for (let index = first; index <= last; index += 1) {
      const newest = Math.max(...timesOf(pushes[index] as PassedPush));
      expect(newest).toBeGreaterThan((pushes[index - 1]?.time ?? 0) - SLACK_MS);
    }
  });

  test("a token that is revoked, and restored or replaced while the agent runs", async (hooks) => {
    const restored = await Scenario.begin("restored-token", hooks, { databaseUrl: service.databaseUrl });
    const replaced = await Scenario.begin("replaced-token", hooks, { databaseUrl: service.databaseUrl });
    const tokenFile = join(replaced.stateDir, "..", "token");
    writeFileSync(tokenFile, replaced.token, { mode: 0o600 });
    const flags = ["--interval", "250ms", ...ROOT_ALONE];
    const agents = [
      [restored, restored.agent(service.url, { flags })],
      [replaced, replaced.agent(service.url, { flags: ["--token-file", tokenFile, ...flags] })],
    ] as const;
    for (const [scenario] of agents) await scenario.collects(3, "with a good token");
    const revoke = ({ token }: Scenario, revokedAt: Date | null) =>
      withStore(service.databaseUrl, ({ db }) =>
        db.token.update({ where: { hash: hashSecret(token) }, data: { revokedAt } }),
      );
    for (const [scenario] of agents) await revoke(scenario, new Date());
    for (const [scenario, agent] of agents) {
      await waitFor("the agent to say so", () => agent.output().includes("mend the token"), LONG);
      const said =
        agent
          .output()
          .split("\n")
          .find((line) => line.includes("mend the token")) ?? "";
      expect(JSON.parse(said)).toMatchObject({
        level: "error",
        msg: expect.stringMatching(/cannot push: 401 UNAUTHENTICATED.*snapshots are kept/),
      });
      await scenario.collects(5, "with a revoked token");
    }
    const before = await Promise.all(agents.map(async ([scenario]) => (await scenario.stored()).length));
    await revoke(restored, null);
    writeFileSync(tokenFile, await makeToken(service.databaseUrl, "ingest"));
    for (const [index, [scenario, agent]] of agents.entries()) {
      const stored = await scenario.expectExact(agent, service);
      expect(stored.length).toBeGreaterThanOrEqual((before[index] ?? 0) + 5);
      expect(agent.output()).toContain("pushing again after");
    }
  });

  test("something in between that answers 400, then a page in HTML, then 502, then cuts every connection", async (hooks) => {
    const scenario = await Scenario.begin("proxy", hooks, { databaseUrl: service.databaseUrl });
    const link = await Link.open(service.url);
    hooks.onTestFinished(() => link.close());
    const agent = scenario.agent(link.url, { flags: ["--interval", "200ms", ...ROOT_ALONE] });
    await waitFor("a push to pass", () => link.pushes.some(({ status }) => status === 200), LONG);
    const html = { "content-type": "text/html" };
    for (const [interference, status] of [
      [(response) => void response.writeHead(400, html).end("<h1>Bad Request</h1>"), 400],
      [(response) => void response.writeHead(200, html).end("<html>Please sign in</html>"), 200],
      [(response) => void response.writeHead(502, html).end("<h1>Bad Gateway</h1>"), 502],
      ["cut", null],
    ] satisfies [Link["interference"], number | null][]) {
      const before = link.pushes.length;
      link.interference = interference;
      await scenario.collects(4, `while each push is answered ${status}`);
      const after = () => link.pushes.slice(before);
      await waitFor(
        `a push to be answered ${status}`,
        () => after().some((one) => one.status === status),
        LONG,
      );
    }
    link.interference = null;
    await scenario.expectExact(agent, service);
    expect(setAsideIn(scenario.stateDir).size).toBe(0);
  });

  test(`kill -9 of the agent ${KILLS} times, while the service is restarted as well`, async (hooks) => {
    const scenario = await Scenario.begin("killed", hooks);
    const link = await Link.open();
    hooks.onTestFinished(() => link.close());
    const start = async () => {
      const started = await scenario.service();
      link.target = started.url;
      return started;
    };
    let own = Promise.resolve(await start());
    const flags = ["--interval", "100ms", ...ROOT_ALONE];
    const restart = async (running: Service) => {
      expect(await running.stop()).toBe(0);
      return start();
    };
    for (let kill = 0; kill < KILLS; kill += 1) {
      const agent = scenario.agent(link.url, { flags });
      if (kill % 3 === 1) own = own.then(restart);
      await scenario.collects(1 + Math.floor(Math.random() * 8), `in life ${kill}`);
      await agent.end("SIGKILL");
    }
    const agent = scenario.agent(link.url, { flags });
    await waitFor("the last life to have begun", () => agent.output().includes(" watches "), LONG);
    const stored = await scenario.expectExact(agent, await own);
    expect(stored.length).toBeGreaterThan(KILLS);
    expect(new Set(stored.map(({ epoch }) => epoch.number)).size).toBe(1);
  });
});
