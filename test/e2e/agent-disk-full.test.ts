/**
 * A host cut off for longer than its spool holds, on a disk that is full as well: what is given up is the
 * oldest, counted by reason, and everything else is stored once.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFailed, onTestFinished, test } from "vitest";
import { freePort, type Hooks, LONG, Scenario } from "../support/scenario.ts";
import type { Service } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const hooks: Hooks = { onTestFinished, onTestFailed };
/** Enough to make a snapshot of 100 KB and more: a spool of 1 MB and 4 MB of memory are full in seconds. */
const LISTENERS = 800;

function mountDisk(bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), "spillway-disk-test-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=700`, "tmpfs", folder]);
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

async function listen(count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
  }
}

async function givenUp(service: Service, host: string): Promise<Record<string, number>> {
  const { data } = await service.graphql(
    "query ($host: String!) { host(name: $host) { agentHealth { dropped } } }",
    { host },
  );
  return Object.fromEntries(
    Object.entries(data.host.agentHealth.dropped).map(([reason, count]) => [reason, Number(count)]),
  );
}

describe.runIf(process.getuid?.() === 0)("on a disk of 4 MB (root only)", () => {
  test("the spool's limit, then a full disk: the oldest are dropped and counted, all others are stored", async () => {
    const disk = mountDisk(4 * 1024 * 1024);
    const scenario = await Scenario.begin("full", hooks, { stateDir: join(disk, "state") });
    await listen(LISTENERS);
    const port = await freePort();
    const agent = scenario.agent(`http://127.0.0.1:${port}`, {
      flags: ["--interval", "100ms", "--namespaces", "root", "--spool-max", "1MiB"],
    });
    const oldest = () => readdirSync(join(scenario.stateDir, "spool")).sort()[0] ?? "";
    await waitFor("the spool to be full", () => agent.output().includes("the queue is full"), LONG);

    const filler = join(disk, "filler");
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
    await waitFor("the disk to be full", () => agent.output().includes("cannot write to the spool"), LONG);
    const whenFull = oldest();
    await waitFor("memory to be full as well", () => oldest() > whenFull, LONG);
    rmSync(filler);
    await waitFor(
      "the disk to be used again",
      () => agent.output().includes("can be written to again"),
      LONG,
    );

    const service = await scenario.service({ SPILLWAY_PORT: String(port) });
    await waitFor("the service to be reached", () => agent.output().includes("pushing again after"), LONG);
    await scenario.collects(5, "with the service up");
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(agent.output()).toContain("; 0 snapshots were not sent");

    const collected = scenario.journal.collected();
    const ids = new Map(collected.map(({ key, id }) => [key, id]));
    const stored = await scenario.stored();
    expect(new Set(stored).size).toBe(stored.length);
    const storedIds = stored.map((key) => ids.get(key) ?? Number.NaN).sort((a, b) => a - b);
    const newest = collected.at(-1)?.id ?? 0;
    expect(storedIds.at(-1)).toBe(newest);
    // Ids are given to all, also to those that never came to the disk.
    const missing = newest - stored.length;
    const dropped = await waitFor("all that is missing to be counted", async () => {
      const counts = await givenUp(service, scenario.host);
      return Object.values(counts).reduce((sum, count) => sum + count, 0) === missing ? counts : null;
    });
    expect(Object.keys(dropped).sort()).toEqual(["disk_full", "spool_full"]);
    expect(dropped.disk_full).toBeGreaterThan(0);
    expect(dropped.spool_full).toBeGreaterThan(0);
    // The oldest: what is stored has no hole.
    expect(storedIds).toEqual(storedIds.map((_, index) => missing + 1 + index));
  });
});
