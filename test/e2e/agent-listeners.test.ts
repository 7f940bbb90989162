/**
 * Listening sockets as the real agent reports them, on the real kernel: one with backlog 4 that is stopped and
 * gets thirty connections, and a healthy one beside it. A local server plays the service.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Push, WireCapability, WireListener, WireListeners } from "../../src/protocol/message.ts";
import { end, firstLine, makeNetwork, script } from "../support/network.ts";
import { cleanEnvironment } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));
const INTERVAL_MS = 500;

/** What the agent has sent of the root's listeners, in order. */
interface Captured {
  readonly server: Server;
  readonly url: string;
  readonly reports: WireListeners[];
  readonly capabilities: Map<string, WireCapability>;
}

async function capture(address: string): Promise<Captured> {
  const reports: WireListeners[] = [];
  const capabilities = new Map<string, WireCapability>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      const push: Push = JSON.parse(plain.toString("utf8"));
      const snapshots = push.hosts.flatMap((host) => host.snapshots);
      for (const { namespace, listeners } of snapshots) {
        if (namespace === undefined && listeners !== undefined) reports.push(listeners);
      }
      for (const one of push.hosts.flatMap((host) => host.capabilities ?? []))
        capabilities.set(one.name, one);
      const answer = {
        time: Date.now(),
        results: snapshots.map(() => ({ status: "stored" })),
        config: { intervalMs: INTERVAL_MS, jitterMs: 0 },
      };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://${address}:${port}`, reports, capabilities };
}

/** What was said of the listener of a port, of the newest report last. */
function saidOf(port: string, reports: readonly WireListeners[]): WireListener[] {
  return reports.flatMap(({ sockets }) => sockets.filter((one) => one.port === Number(port)));
}

/** What this process started and what is there still. */
function childrenOf(pid: number | undefined): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

/** There, and not only waiting to be buried. */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

test("a listener that accepts nothing is reported full, with its limit and drops; a healthy one is not", async () => {
  const network = makeNetwork();
  const state = await mkdtemp(join(tmpdir(), "spillway-agent-"));
  const service = await capture(network.address);
  const tokenFile = join(state, "token");
  await writeFile(tokenFile, `spw_${"t".repeat(40)}`, { mode: 0o600 });
  const stopped = network.node([script("listener"), "127.0.0.1", "4"]);
  const healthy = network.node([script("listener"), "127.0.0.1", "64"]);
  // Both listen before the agent looks, so that its first list, a complete one, has both.
  const [port, healthyPort] = await Promise.all([firstLine(stopped), firstLine(healthy)]);
  const agent = network.node(
    [
      AGENT,
      "--server",
      service.url,
      "--token-file",
      tokenFile,
      "--state-dir",
      join(state, "state"),
      "--interval",
      `${INTERVAL_MS}ms`,
    ],
    cleanEnvironment(),
  );
  const children = [stopped, healthy, agent];
  let agentLog = "";
  agent.stderr?.setEncoding("utf8").on("data", (text: string) => {
    agentLog += text;
  });
  try {
    await waitFor("a report of both listeners", () => {
      return saidOf(port, service.reports).length > 0 && saidOf(healthyPort, service.reports).length > 0;
    });
    expect(saidOf(port, service.reports)[0]).toMatchObject({
      acceptQueue: 0,
      limit: 4,
      samplesFull: 0,
      drops: 0,
    });

    stopped.kill("SIGSTOP");
    const clients = network.node([script("connect"), "127.0.0.1", port, "30"]);
    const others = network.node([script("connect"), "127.0.0.1", healthyPort, "30"]);
    children.push(clients, others);
    await Promise.all([firstLine(clients), firstLine(others)]);
    await waitFor("a report of a full queue", () => saidOf(port, service.reports).at(-1)?.acceptQueue === 5);
    const since = service.reports.length;
    // The clients of a stopped listener send their SYN again, though ever more seldom: drops go on.
    await waitFor("eight reports of the full queue, of more and more drops", () => {
      const told = saidOf(port, service.reports.slice(since));
      return told.length >= 8 && (told.at(-1)?.drops ?? 0) > (told[0]?.drops ?? Number.POSITIVE_INFINITY);
    });
    await waitFor("a report without the healthy one, which idles", () =>
      service.reports.some((one) => one.complete === false && saidOf(healthyPort, [one]).length === 0),
    );
    const reports = service.reports.slice(since);
    const full = saidOf(port, reports);
    const samples = reports.reduce((sum, report) => sum + report.samples, 0);
    const samplesFull = full.reduce((sum, one) => sum + one.samplesFull, 0);
    expect(reports.every(({ source }) => source === "ss")).toBe(true);
    expect(full.at(-1)).toMatchObject({ address: "127.0.0.1", acceptQueue: 5, peakQueue: 5, limit: 4 });
    expect(samplesFull).toBeGreaterThan(samples * 0.9);
    const drops = saidOf(port, service.reports).map((one) => one.drops ?? Number.NaN);
    expect(drops).toEqual([...drops].sort((a, b) => a - b));
    expect(drops.at(-1)).toBeGreaterThanOrEqual(25);

    const calm = saidOf(healthyPort, service.reports);
    const complete = service.reports.filter((report) => report.complete !== false);
    expect(complete).toContain(service.reports[0]);
    expect(saidOf(healthyPort, complete)).toHaveLength(complete.length);
    for (const one of calm) expect(one).toMatchObject({ limit: 64, samplesFull: 0, drops: 0 });

    // Which process owns it may be seen by root alone; and it is only looked for where a queue was above 0.
    const mayName = service.capabilities.get("listeners.owners")?.available ?? false;
    expect(full.at(-1)?.owner).toEqual(mayName ? expect.stringMatching(/^(node|MainThread)/) : undefined);
    expect([...service.capabilities.keys()]).toEqual(
      expect.arrayContaining(["listeners", "listeners.limits"]),
    );
    expect(service.capabilities.get("listeners.limits")).toEqual({
      name: "listeners.limits",
      available: true,
    });

    // A look that comes while the shell is at another is made by a child of its own.
    const shells = await waitFor("its shell alone", () => {
      const children = childrenOf(agent.pid);
      return children.length === 1 ? children : null;
    });
    agent.kill("SIGKILL");
    await waitFor("the end of the shell of an agent that was killed", () => !shells.some(isAlive));
  } catch (error) {
    console.error(`the agent wrote:\n${agentLog}\nreports: ${JSON.stringify(service.reports.slice(-2))}`);
    throw error;
  } finally {
    await Promise.all(children.map(end));
    service.server.closeAllConnections();
    service.server.close();
    network.remove();
    await rm(state, { recursive: true, force: true });
  }
});
