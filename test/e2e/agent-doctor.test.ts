/** `doctor` and `--once --print` of the agent as it ships, against a real service and the real kernel. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { end, firstLine, makeNetwork, readCounter, script } from "../support/network.ts";
import { suiteService } from "../support/own-database-service.ts";
import { cleanEnvironment } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));

interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "FAIL";
  readonly message: string;
}

const service = suiteService();

afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "spillway-doctor-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function run(child: ReturnType<typeof spawn>) {
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

function agent(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return run(spawn(process.execPath, [AGENT, ...args], { env: { ...cleanEnvironment(), ...env } }));
}

/** What the doctor finds, by the check; `doctor --json` with a state folder that is not there yet. */
async function examine(server: string, token: string) {
  const base = folder();
  const state = join(base, "state");
  writeFileSync(join(base, "token"), `${token}\n`, { mode: 0o600 });
  const given = ["--server", server, "--token-file", join(base, "token"), "--state-dir", state];
  const { code, stdout, stderr } = await agent(["doctor", "--json", ...given]);
  expect([stderr, existsSync(state)]).toEqual(["", false]);
  const findings = JSON.parse(stdout) as readonly Finding[];
  const of = (check: string) => findings.find((one) => one.check === check);
  return { code, findings, of };
}

test("with a running service and a good token nothing fails, and no host is registered", async () => {
  const { code, findings, of } = await examine(service.url, await service.token("ingest"));
  expect(findings.filter(({ status }) => status === "FAIL")).toEqual([]);
  expect(code).toBe(0);
  for (const check of ["procfs", "state folder", "server", "token", "clock"]) {
    expect(of(check), check).toMatchObject({ status: "ok" });
  }
  const { data } = await service.graphql("{ hosts { totalCount } }");
  expect(data.hosts.totalCount).toBe(0);
});

test.each([
  ["unknown", async () => `spw_${"x".repeat(40)}`, /refuses it: 401/],
  ["for reading", () => service.token("read"), /refuses it: 403/],
])("a token that is %s fails with the reason and the fix", async (_case, make, words) => {
  const token = await make();
  const { code, findings, of } = await examine(service.url, token);
  expect(code).toBe(1);
  expect(of("server")).toMatchObject({ status: "ok" });
  expect(of("token")).toMatchObject({ status: "FAIL", message: expect.stringMatching(words) });
  expect(of("token")?.message).toContain("spillway token create");
  expect(JSON.stringify(findings)).not.toContain(token);
});

test("without a service and a token it says so, and still checks the host", async () => {
  const { code, stdout } = await agent([
    "doctor",
    "--server",
    "http://127.0.0.1:1",
    "--state-dir",
    join(folder(), "state"),
  ]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ok +procfs /m);
  expect(stdout).toMatch(/^FAIL +server +http:\/\/127\.0\.0\.1:1\/ cannot be connected to/m);
  expect(stdout).toMatch(/^FAIL +token +no token: give --token-file/m);
  expect(stdout).toMatch(/^warn +clock +not known/m);
});

test("a network namespace that is not the host's is not called ROOT", async ({ skip }) => {
  const network = makeNetwork();
  try {
    skip(!network.isolated, "no network namespace may be made here");
    const { stdout } = await run(
      network.node([AGENT, "doctor", "--server", "http://127.0.0.1:1"], cleanEnvironment()),
    );
    expect(stdout).toMatch(
      /^warn +network namespace +not ROOT \(read: inode \d+, of process 1: inode \d+\): .*--procfs/m,
    );
  } finally {
    network.remove();
  }
});

test("--once --print shows counters, a full listener with its advice, and labels of the environment", async () => {
  const network = makeNetwork();
  const listener = network.node([script("listener"), "127.0.0.1", "4"]);
  const children = [listener];
  try {
    const port = await firstLine(listener);
    listener.kill("SIGSTOP");
    const clients = network.node([script("connect"), "127.0.0.1", port, "30"]);
    children.push(clients);
    await firstLine(clients);
    await waitFor("the queue to overflow", () => readCounter(listener.pid ?? 0, "ListenOverflows") > 0);
    const env = { ...cleanEnvironment(), SPILLWAY_AGENT_LABEL_RACK: "a1", NODE_NAME: "node-7" };
    const shown = await run(network.node([AGENT, "--once", "--print"], env));
    expect(shown.stdout).toMatch(/^node=node-7 {2}rack=a1$/m);
    expect(shown.stdout).toMatch(/^TcpExtListenOverflows +\d+ +\+?\d+ +packets +Packets of a handshake/m);
    expect(shown.stdout).toMatch(new RegExp(`^127\\.0\\.0\\.1 +${port} +5/4 +100% +5/5 +\\d+ +\\S+`, "m"));
    expect(shown.stdout).toContain("The queue was full in 5 of 5 samples");
    const json = await run(network.node([AGENT, "--once", "--print", "--json"], env));
    const { labels, listeners } = JSON.parse(json.stdout);
    expect(labels).toMatchObject({ rack: "a1", node: "node-7" });
    const full = listeners.sockets.find((one: { port: number }) => one.port === Number(port));
    expect(full).toMatchObject({ acceptQueue: 5, limit: 4, samplesFull: 5 });
  } finally {
    listener.kill("SIGCONT");
    await Promise.all(children.map(end));
    network.remove();
  }
});
