/**
 * The agent's one file on every Node that it promises to run on: this one, and those that
 * SPILLWAY_TEST_RUNTIMES names, their paths joined by colons (.ci/run gets them from the registry).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { cleanEnvironment } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));
const others = (process.env.SPILLWAY_TEST_RUNTIMES ?? "").split(":").filter((path) => path !== "");
const runtimes = [process.execPath, ...others].map(
  (path) => [execFileSync(path, ["--version"], { encoding: "utf8" }).trim(), path] as const,
);

const service = suiteService();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-runtimes-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.each(runtimes)("on Node %s: reads, prints, pushes and is taken in", async (version, node) => {
  const shown = spawnSync(node, [AGENT, "--once", "--print", "--json"], {
    encoding: "utf8",
    env: cleanEnvironment(),
  });
  expect([shown.status, shown.stderr]).toEqual([0, ""]);
  expect(shown.stdout).toContain("TcpExtListenOverflows");

  const args = [
    "--once",
    "--server",
    service.url,
    "--state-dir",
    join(folder, version),
    "--name",
    `on-${version}`,
    // The machine may have others, of whoever else is on it.
    ...["--namespaces", "root"],
  ];
  const env = { ...cleanEnvironment(), SPILLWAY_AGENT_TOKEN: await service.token("ingest") };
  const pushed = spawnSync(node, [AGENT, ...args], { encoding: "utf8", env });
  expect([pushed.status, pushed.stderr]).toEqual([0, expect.stringContaining("pushed one snapshot")]);
  await waitFor("the host", async () => {
    const { data } = await service.graphql(`{ host(name: "on-${version}") { latest { value } } }`);
    return data.host?.latest.length > 100;
  });
});
