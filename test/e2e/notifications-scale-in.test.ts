/** Real agents that end as hosts do that a fleet can spare, and one that dies: whom the far end hears of. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { startAgent } from "../support/agent.ts";
import { startFarEnd } from "../support/far-end.ts";
import { makeNetwork } from "../support/network.ts";
import { receiversFile } from "../support/receivers-file.ts";
import { startService } from "../support/service.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

/** Nobody is called silent in the first two minutes of a service, nor before a minute and a half without a word. */
const SILENT_MS = 360_000;

/** By name: what its agent is started with, and how it ends; null for one that stays. */
const HOSTS = {
  staying: { flags: [], ends: null },
  "leaving-1": { flags: ["--goodbye", "leaving"], ends: "SIGTERM" },
  "leaving-2": { flags: ["--goodbye", "leaving"], ends: "SIGTERM" },
  ephemeral: { flags: ["--label", "ephemeral=true"], ends: "SIGKILL" },
  dying: { flags: [], ends: "SIGKILL" },
} as const;

test("those that leave by scale-in are told to nobody, and the one that dies is", {
  timeout: 480_000,
}, async ({ store: { db }, databaseUrl }) => {
  const hook = await startFarEnd();
  const file = await receiversFile();
  await file.write({ hook: hook.url });
  const folder = await mkdtemp(join(tmpdir(), "spillway-scale-in-"));
  // Of the machine's own counters other tests move some.
  const network = makeNetwork();
  onTestFinished(() => network.remove());
  const env = { SPILLWAY_RECEIVERS_FILE: file.path, SPILLWAY_LISTEN: network.address };
  const service = await startService({ databaseUrl, env });
  const token = await service.token("ingest");
  const agents = Object.entries(HOSTS).map(([name, { flags, ends }]) => ({
    ends,
    agent: startAgent({
      server: service.url,
      stateDir: join(folder, name),
      token,
      network,
      flags: ["--name", name, "--interval", "2s", "--namespaces", "root", ...flags],
    }),
  }));
  const statuses = async () => {
    const { data } = await service.graphql("{ hosts(first: 9) { edges { node { name status } } } }");
    const nodes: { name: string; status: string }[] = data.hosts.edges.map(
      ({ node }: { node: object }) => node,
    );
    return Object.fromEntries(nodes.map(({ name, status }) => [name, status]));
  };
  await waitFor(
    "all to report",
    async () => {
      const shown = await statuses();
      return Object.keys(HOSTS).every((name) => shown[name] === "REPORTING");
    },
    { timeoutMs: 90_000 },
  );
  for (const { agent, ends } of agents) if (ends !== null) await agent.end(ends);

  await waitFor("the far end to hear of a host", () => hook.asked.length > 0, { timeoutMs: SILENT_MS });
  const titles = hook.asked.flatMap(({ body }) => {
    const { data } = JSON.parse(body) as { data: { incidents: { title: string }[] } };
    return data.incidents.map(({ title }) => title);
  });
  // All have been silent for as long: whoever was to be told of is told of by now.
  expect(titles).toEqual(["Nothing is heard: dying"]);
  expect(await db.incident.count()).toBe(1);
  expect(await statuses()).toMatchObject({
    "leaving-1": "LEFT",
    "leaving-2": "LEFT",
    staying: "REPORTING",
  });
  for (const { agent, ends } of agents) if (ends === null) expect(await agent.end("SIGTERM")).toBe(0);
  expect(await service.stop()).toBe(0);
  await Promise.all([hook.close(), file.remove(), rm(folder, { recursive: true, force: true })]);
});
