import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { AGENT_VERSION } from "../../../agent/version.ts";
import { layoutHash } from "../../../src/protocol/layout.ts";
import { AGENT_KEY, UUID } from "../../../src/protocol/limits.ts";
import { BOOT, makeProcfs, temporaryFolder } from "./support/procfs.ts";
import { answered, problem, startService } from "./support/service.ts";
import { until } from "./support/until.ts";

/** The whole agent as it is shipped: one file, run by Node as a process of its own. */
let bundle = "";
let bundleFolder = "";

beforeAll(async () => {
  bundleFolder = mkdtempSync(join(tmpdir(), "spillway-agent-bundle-"));
  bundle = join(bundleFolder, "agent.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../../../agent/main.ts", import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  });
});

afterAll(() => rmSync(bundleFolder, { recursive: true, force: true }));

interface Agent {
  readonly process: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly exit: Promise<number | null>;
}

function run(args: readonly string[], options: { ipc?: boolean } = {}): Agent {
  const child = spawn(process.execPath, [bundle, ...args], {
    stdio: ["ignore", "pipe", "pipe", ...(options.ipc === true ? (["ipc"] as const) : [])],
    env: { PATH: process.env.PATH },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  // Not "close": it never comes once a parent has disconnected the IPC channel.
  const ended = [child.stdout, child.stderr].map((stream) => stream !== null && finished(stream));
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { process: child, output, exit: Promise.all([exited, ...ended]).then(([code]) => code) };
}

/** Arguments of an agent on a fixture kernel with a state folder of its own. */
function args(server: URL, kernel = "6.18.44"): string[] {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, "token"), "s3cret-token\n");
  return [
    ...[
      "--server",
      server.href,
      "--token-file",
      join(folder, "token"),
      "--name",
      "web-1",
      "--label",
      "role=web",
    ],
    ...["--procfs", makeProcfs(folder, kernel), "--state-dir", join(folder, "state")],
  ];
}

test("--once pushes one snapshot of the fixture's counters, and exits 0", async () => {
  const service = await startService(onTestFinished);
  const { exit, output } = run([...args(service.url), "--once"]);
  expect([await exit, output.stdout]).toEqual([0, ""]);
  const [host] = service.received[0]?.push.hosts ?? [];
  expect(host).toMatchObject({
    id: expect.stringMatching(UUID),
    key: expect.stringMatching(AGENT_KEY),
    name: "web-1",
    labels: { role: "web" },
    epoch: { boot: BOOT, number: 0, kernel: "6.18.44" },
  });
  const [snapshot] = host?.snapshots ?? [];
  const names = host?.layouts?.[snapshot?.layout ?? ""] ?? [];
  expect(layoutHash(names)).toBe(snapshot?.layout);
  expect(snapshot?.values[names.indexOf("IpForwarding")]).toBe(2);
  expect(snapshot?.values[names.indexOf("TcpMaxConn")]).toBeNull();
  expect(snapshot?.values).toHaveLength(312);
  expect(snapshot).toMatchObject({ everyMs: 10_000 });
  expect(host?.capabilities?.length).toBeGreaterThan(0);
  expect(output.stderr).not.toContain("s3cret-token");
  expect(output.stderr).not.toContain(host?.key);
});

test("--once exits 1 with the reason when the service does not take it", async () => {
  const service = await startService(onTestFinished);
  service.answer(problem(401, "UNAUTHENTICATED"));
  const { exit, output } = run([...args(service.url), "--once"]);
  expect(await exit).toBe(1);
  expect(output.stderr).toContain("401 UNAUTHENTICATED: because of UNAUTHENTICATED");
});

test("--once exits 1 with the reason when the snapshot is refused", async () => {
  const service = await startService(onTestFinished);
  service.answer(answered(() => ({ status: "future", code: "FUTURE", message: "set the clock" })));
  const { exit, output } = run([...args(service.url), "--once"]);
  expect(await exit).toBe(1);
  expect(output.stderr).toContain("future: FUTURE: set the clock");
});

test("--once --print shows the counters and pushes nothing", async () => {
  const service = await startService(onTestFinished);
  const { exit, output } = run([...args(service.url, "2.6.32"), "--once", "--print"]);
  expect(await exit).toBe(0);
  expect(output.stdout).toMatch(/^web-1 {2}Linux 2\.6\.32 \S+ {2}up 94\d\.\d+ s {2}163 counters\n/);
  expect(output.stdout).toMatch(/^TcpExtListenOverflows +1843 +0 +\S/m);
  expect(service.received).toEqual([]);
});

test("--print shows what it can of a procfs with a cut file, and exits 1", async () => {
  const { exit, output } = run([
    ...args(new URL("http://127.0.0.1:1"), "truncated"),
    "--once",
    "--print",
    "--json",
  ]);
  expect(await exit).toBe(1);
  expect(JSON.parse(output.stdout).counters).toEqual({});
  expect(output.stderr).toContain("/1/net/netstat: group TcpExt");
});

test("an agent pushes until SIGTERM, which it obeys with 0; started again it goes on in its identity", async () => {
  const service = await startService(onTestFinished);
  const given = [...args(service.url), "--interval", "100ms"];
  const first = run(given);
  await until("three pushes", () => service.received.length >= 3);
  first.process.kill("SIGTERM");
  expect(await first.exit).toBe(0);
  expect(first.output.stderr).toContain("stopped by SIGTERM; 0 snapshots were not sent");
  const before = service.received.length;
  const ats = service.received.flatMap(({ snapshots }) => snapshots.map(({ at }) => at));
  expect(ats).toEqual([...new Set(ats)].sort((a, b) => a - b));
  const second = run(given);
  await until("a push of the second", () => service.received.length > before);
  second.process.kill("SIGTERM");
  expect(await second.exit).toBe(0);
  const ids = service.received.map(({ push }) => push.hosts[0]?.id);
  expect(new Set(ids).size).toBe(1);
});

test("a service that hangs does not keep an agent from stopping", async () => {
  const service = await startService(onTestFinished);
  service.answer(() => {});
  const agent = run(args(service.url));
  await until("a push", () => service.received.length === 1);
  agent.process.kill("SIGTERM");
  expect(await agent.exit).toBe(0);
  expect(agent.output.stderr).toContain("1 snapshots were not sent");
});

test("a second signal ends it at once", async () => {
  const service = await startService(onTestFinished);
  service.answer(() => {});
  const agent = run(args(service.url));
  await until("a push", () => service.received.length === 1);
  agent.process.kill("SIGTERM");
  agent.process.kill("SIGINT");
  expect(await agent.exit).toBe(1);
});

test("an agent started with an IPC channel does not outlive who started it", async () => {
  const service = await startService(onTestFinished);
  const agent = run(args(service.url), { ipc: true });
  await until("a push", () => service.received.length === 1);
  agent.process.disconnect();
  expect(await agent.exit).toBe(0);
  expect(agent.output.stderr).toContain("stopped by the end of its parent");
});

test.each([
  ["wrong settings", ["--interval", "never"], 2, '--interval is \\"never\\"'],
  ["no procfs", ["--procfs", "/nonexistent"], 1, "cannot read /nonexistent/sys/kernel/random/boot_id"],
  [
    "a state folder that cannot be made",
    ["--state-dir", "/dev/null/state"],
    1,
    "cannot make the state folder /dev/null/state",
  ],
])("%s: exits at once and says what is wrong", async (_case, more, code, words) => {
  const { exit, output } = run([...args(new URL("http://127.0.0.1:1")), ...more]);
  expect(await exit).toBe(code);
  expect(output.stderr).toContain(words);
});

test.each([
  ["--version", `${AGENT_VERSION}\n`],
  ["--help", "Usage: spillway-agent [options]"],
])("%s is answered on stdout", async (flag, words) => {
  const { exit, output } = run([flag]);
  expect(await exit).toBe(0);
  expect(output.stdout).toContain(words);
});

test("what is shown arrives whole, however slow the reader: a pipe takes 64 KiB at a time", async () => {
  const folder = temporaryFolder(onTestFinished);
  const procfs = makeProcfs(folder, "6.18.44");
  const names = Array.from({ length: 4_000 }, (_one, i) => `SomeCounterOfALongName${i}`);
  writeFileSync(
    join(procfs, "1", "net", "netstat"),
    `TcpExt: ${names.join(" ")}\nTcpExt: ${names.map(() => "7").join(" ")}\n`,
  );
  const shell = `"$0" "$1" --once --print --json --procfs "$2" | { sleep 2; cat; }`;
  const child = spawn("sh", ["-c", shell, process.execPath, bundle, procfs], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  expect(text.length).toBeGreaterThan(128 * 1024);
  expect(Object.keys(JSON.parse(text).counters)).toEqual(
    expect.arrayContaining([`TcpExt${names[0]}`, `TcpExt${names.at(-1)}`]),
  );
});
