/**
 * A host cut off for longer than its spool holds, on a disk that is full as well: what is given up is the
 * oldest, counted by reason, and everything else is stored once.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFailed, onTestFinished, test } from "vitest";
import { Link } from "../support/link.ts";
import { type Hooks, LONG, Scenario } from "../support/scenario.ts";
import type { Service } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const hooks: Hooks = { onTestFinished, onTestFailed };
/** Enough to make a snapshot of about 80 KB, each with a queue, so that it is told of every time: a spool of 1 MB and 4 MB of memory are full in seconds. */
const LISTENERS = 500;

function mountDisk(bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), "spillway-disk-test-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=700`, "tmpfs", folder]);
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Listeners of a process that has been stopped, each with a connection that waits. */
async function listen(count: number): Promise<void> {
  const script = fileURLToPath(new URL("../support/sockets/listeners.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const ports = () => printed.split("\n").slice(0, -1).map(Number);
  await waitFor(`${count} listeners`, () => ports().length === count, LONG);
  child.kill("SIGSTOP");
  for (const port of ports()) {
    const client = connect(port, "127.0.0.1").on("error", () => {});
    onTestFinished(() => void client.destroy());
    await once(client, "connect");
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
    const service = await scenario.service();
    const link = await Link.open(service.url);
    hooks.onTestFinished(() => link.close());
    // Pushes vanish, which makes for fewer tries than a refusal, and so for a shorter wait after the last.
    const vanished: ServerResponse[] = [];
    link.interference = (response) => void vanished.push(response);
    const agent = scenario.agent(link.url, {
      flags: ["--interval", "100ms", "--namespaces", "root", "--spool-max", "1MiB"],
    });
    const oldest = () => readdirSync(join(scenario.stateDir, "spool")).sort()[0] ?? "";
    await waitFor("the spool to be full", () => agent.output().includes("the queue is full"), LONG);

    const filler = join(disk, "filler");
    // What the spool gives up at its limit is taken from it too, until it finds no room.
    const fill = () => {
      const { bavail, bsize } = statfsSync(disk);
      if (bavail > 0) appendFileSync(filler, Buffer.alloc(bavail * bsize));
    };
    await waitFor(
      "the disk to be full",
      () => {
        if (agent.output().includes("cannot write to the spool")) return true;
        fill();
        return false;
      },
      LONG,
    );
    const whenFull = oldest();
    await waitFor("memory to be full as well", () => oldest() > whenFull, LONG);
    rmSync(filler);
    await waitFor(
      "the disk to be used again",
      () => agent.output().includes("can be written to again"),
      LONG,
    );

    link.interference = null;
    for (const { socket } of vanished) socket?.destroy();
    await waitFor("the service to be reached", () => agent.output().includes("pushing again after"), LONG);
    await scenario.collects(5, "with the service up");
    const latest = scenario.journal.collected().at(-1)?.key ?? "";
    // What the agent has when it ends it has a few seconds for.
    await waitFor("the backlog to be stored", async () => (await scenario.stored()).includes(latest), LONG);
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(agent.output()).toContain("; 0 snapshots were not sent");

    const ids = new Map(scenario.journal.collected().map(({ key, id }) => [key, id]));
    const stored = await scenario.stored();
    expect(new Set(stored).size).toBe(stored.length);
    expect(stored.filter((key) => !ids.has(key))).toEqual([]);
    // Ids are given to all, also to those that never came to the disk.
    const newest = Math.max(...ids.values());
    expect(Math.max(...stored.map((key) => ids.get(key) ?? 0))).toBe(newest);
    const missing = newest - stored.length;
    const dropped = await waitFor(`the ${missing} that are missing to be counted`, async () => {
      const counts = await givenUp(service, scenario.host);
      return Object.values(counts).reduce((sum, count) => sum + count, 0) === missing ? counts : null;
    });
    expect(Object.keys(dropped).sort()).toEqual(["disk_full", "spool_full"]);
    expect(Math.min(...Object.values(dropped))).toBeGreaterThan(0);
  });
});
