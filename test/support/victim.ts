/** A host of the test's own whose accept queue can be made to overflow, on the real kernel. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { end, firstLine, readCounter, script, type TestNetwork } from "./network.ts";
import { cleanEnvironment, type Service } from "./service.ts";
import { waitFor } from "./wait.ts";

const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));

interface Counts {
  readonly overflows: number;
  readonly drops: number;
}

export interface Victim {
  /** The kernel's counters before anything was done. */
  readonly before: Counts;
  /** Waits until its first snapshots have been rolled up and can be asked for. */
  reports(): Promise<void>;
  /**
   * Stops the listener and connects thirty times to its queue of 4.
   *
   * @returns by what the kernel's counters grew, and when the first overflow was seen, ms since 1970
   */
  overflow(): Promise<Counts & { readonly at: number }>;
  /** The port of its listener. */
  readonly port: number;
  /**
   * Stops the listener and has sixty clients connect to it, who try again for as long as it is stopped.
   *
   * @returns lets the listener go on, and ends the clients
   */
  stall(): () => Promise<void>;
  /** What its agent has written. */
  agentLog(): string;
  remove(): Promise<void>;
}

/** Starts the agent and the listener on the other side of a network, as a host called `victim`. */
export async function startVictim(network: TestNetwork, service: Service, interval: string): Promise<Victim> {
  const state = await mkdtemp(join(tmpdir(), "spillway-agent-"));
  const tokenFile = join(state, "token");
  await writeFile(tokenFile, await service.token("ingest"), { mode: 0o600 });
  const options = {
    server: service.url,
    "token-file": tokenFile,
    "state-dir": join(state, "state"),
    name: "victim",
    interval,
    // Its root is the test's own namespace; what the machine does in others is none of its host's.
    namespaces: "root",
  };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const agent = network.node([AGENT, ...words], cleanEnvironment());
  const listener = network.node([script("listener"), "127.0.0.1", "4"]);
  const children = [agent, listener];
  let agentLog = "";
  agent.stderr?.setEncoding("utf8").on("data", (text: string) => {
    agentLog += text;
  });
  const port = await firstLine(listener);
  const pid = listener.pid ?? 0;
  const counts = () => ({
    overflows: readCounter(pid, "ListenOverflows"),
    drops: readCounter(pid, "ListenDrops"),
  });
  const before = counts();
  const since = new Date(Date.now() - 60_000).toISOString();
  return {
    before,
    reports: async () => {
      await waitFor(
        "the agent's first snapshots",
        async () => {
          const { data } = await service.graphql(
            `query ($since: DateTime!) { host(name: "victim") { increase(counter: "TcpInSegs", range: {from: $since}) } }`,
            { since },
          );
          return data.host?.increase != null;
        },
        { timeoutMs: 60_000 },
      );
    },
    overflow: async () => {
      listener.kill("SIGSTOP");
      const clients = network.node([script("connect"), "127.0.0.1", port, "30"]);
      children.push(clients);
      await waitFor("the kernel to count an overflow", () => counts().overflows > before.overflows);
      const at = Date.now();
      await firstLine(clients);
      await waitFor("the kernel to count overflows", () => counts().overflows - before.overflows >= 25);
      await end(clients);
      const after = counts();
      return {
        overflows: after.overflows - before.overflows,
        drops: after.drops - before.drops,
        at,
      };
    },
    port: Number(port),
    stall: () => {
      listener.kill("SIGSTOP");
      const clients = network.node([script("connect"), "127.0.0.1", port, "60"]);
      children.push(clients);
      return () => {
        listener.kill("SIGCONT");
        return end(clients);
      };
    },
    agentLog: () => agentLog,
    remove: async () => {
      await Promise.all(children.map(end));
      await rm(state, { recursive: true, force: true });
    },
  };
}
