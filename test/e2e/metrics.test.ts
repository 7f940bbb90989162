/** The service's own metrics, and for who may read the fleet's. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { startOnOwnDatabase, suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { makeToken, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService();
let token: string;

beforeAll(async () => {
  token = await makeToken(service.databaseUrl, "read");
});

const metrics = (query: string, headers: Record<string, string>) =>
  fetch(`${service.url}/metrics${query}`, { headers });

test("for a stranger the service's own, and nothing of the fleet", async () => {
  const answer = await metrics("", {});
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    expect.stringMatching(/^text\/plain; version=0\.0\.4/),
  ]);
  const text = await answer.text();
  expect(text).toMatch(/^spillway_process_cpu_seconds_total /m);
  expect(text).toMatch(/^spillway_rollup_settled_lag_seconds \d/m);
  expect(text).toMatch(/^spillway_database_size_bytes \d{6,}$/m);
  expect(text).toMatch(/^spillway_queue_jobs\{state="failed"\} 0$/m);
  expect(text).toMatch(/^spillway_listener_accept_queue \d+$/m);
  expect(text).toMatch(/^spillway_listener_limit [1-9]\d*$/m);
  expect(text).toMatch(/^spillway_listener_overflows_total \d+$/m);
  expect(text).toMatch(/^spillway_listener_drops_total \d+$/m);
  // The database is a server elsewhere: what its disk has left is not known, and not said to be 0.
  expect(text).not.toMatch(/^spillway_database_free_bytes /m);
  expect(text).not.toMatch(/spillway_fleet/);
});

test("for who may read the fleet by a label, as OpenMetrics where that is asked for", async () => {
  const host = new TestHost({
    name: "web-1",
    names: ["TcpPassiveOpens", "TcpExtListenOverflows"],
    labels: { role: "web", region: "eu" },
  });
  // Overflows throughout the minute that is over and the one that is not, whichever of them is asked about.
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const snapshots = Array.from({ length: 30 }, (_, tick) =>
    host.snapshot(now - (29 - tick) * 10_000, [tick * 100, tick * 20]),
  );
  await service.pushed(push(host.section(snapshots)));
  const headers = {
    Authorization: `Bearer ${token}`,
    Accept: "application/openmetrics-text;version=1.0.0",
  };
  let text = "";
  await waitFor("the fleet's metrics", async () => {
    const answer = await metrics("?by=region", headers);
    expect(answer.headers.get("content-type")).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    text = await answer.text();
    // A part of the minute may be rolled up before the rest.
    return (
      /^spillway_fleet_handshake_loss_ratio\{region="eu",bound="low"\} 0\.\d+$/m.test(text) &&
      /^spillway_fleet_listen_overflows_per_second\{region="eu"\} 2$/m.test(text)
    );
  });
  for (const bound of ["low", "estimate", "high"]) {
    expect(text).toMatch(
      new RegExp(`^spillway_fleet_handshake_loss_ratio\\{region="eu",bound="${bound}"\\} 0\\.\\d+$`, "m"),
    );
  }
  expect(text.endsWith("# EOF\n")).toBe(true);
  expect(text.match(/# EOF/g)).toHaveLength(1);
});

test("what was asked for as OpenMetrics has its names as text afterwards", async () => {
  await metrics("", { Accept: "application/openmetrics-text;version=1.0.0" });
  const text = await (await metrics("", {})).text();
  expect(text).toMatch(/^# TYPE spillway_ingest_pushes_total counter$/m);
  expect(text).toMatch(/^spillway_ingest_pushes_total\{status="200"\} \d+$/m);
});

test("a label that is none is refused", async () => {
  const answer = await metrics("?by=no%20label", { Authorization: `Bearer ${token}` });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/no name of a label/);
});

test("a worker tells of its health and its jobs at a port of its own, and of nothing else", async () => {
  const env = { SPILLWAY_WORK_PORT: "0", SPILLWAY_LOG_LEVEL: "info" };
  // On a database of its own, so that the jobs are its own as well.
  const worker = await startOnOwnDatabase({ role: "work", env });
  try {
    const port = await waitFor("the worker's port", () => /"port":(\d+)/.exec(worker.output())?.[1] ?? null);
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    expect((await get("/healthz")).status).toBe(200);
    await waitFor("the worker to be ready", async () => (await get("/readyz")).status === 200);
    await waitFor("its jobs to be counted", async () => {
      const text = await (await get("/metrics")).text();
      return /^spillway_job_last_success_timestamp_seconds\{queue="rollup",name="tick"\} \d/m.test(text);
    });
    expect((await get("/graphql")).status).toBe(404);
    expect((await get("/v1/hosts")).status).toBe(404);
  } finally {
    expect(await worker.stop()).toBe(0);
    await worker.close();
  }
});

test("a port of a worker that is taken ends its start, and says so", async () => {
  const taken = new URL(service.url).port;
  const worker = await startService({
    databaseUrl: service.databaseUrl,
    role: "work",
    env: { SPILLWAY_WORK_PORT: taken },
  });
  await waitFor("the worker to end", () => worker.process.exitCode !== null);
  expect(worker.output()).toContain(`cannot listen on 127.0.0.1:${taken}: another process has it`);
});

const RULES = fileURLToPath(new URL("../../deploy/prometheus/", import.meta.url));
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

test.runIf(hasPromtool)("the alerts of deploy/prometheus fire as their tests say", () => {
  const options = { cwd: RULES, encoding: "utf8" } as const;
  expect(execFileSync("promtool", ["check", "rules", "spillway.rules.yml"], options)).toMatch(/SUCCESS/);
  expect(execFileSync("promtool", ["test", "rules", "spillway.rules.test.yml"], options)).toMatch(/SUCCESS/);
});

test("the alerts name metrics that there are, and the documentation has each of them", async () => {
  const rules = readFileSync(`${RULES}spillway.rules.yml`, "utf8");
  const text = await (await metrics("", {})).text();
  const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const named = [...rules.matchAll(/\bspillway_[a-z0-9_]+/g)].map(([name]) => name.replace(/_count$/, ""));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !known.has(name))).toEqual([]);

  const operations = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name ?? "");
  expect(alerts.filter((alert) => !operations.includes(alert))).toEqual([]);
});
