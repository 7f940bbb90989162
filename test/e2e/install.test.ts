/** The one line that adds a host, run as it is served; systemd is played by two small programs. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { end } from "../support/network.ts";
import { startOnOwnDatabase, suiteService } from "../support/own-database-service.ts";
import { cleanEnvironment } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService({ env: { SPILLWAY_LISTEN: "0.0.0.0", SPILLWAY_INTERVAL: "500ms" } });
let root: string;
let token: string;

beforeAll(async () => {
  token = await service.token("ingest");
  root = await mkdtemp(join(tmpdir(), "spillway-root-"));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Runs the script that the service serves, as `curl ... | sh -s -- args` does. */
function install(
  args: readonly string[],
  { path = process.env.PATH ?? "", umask = "022", edit = (text: string) => text } = {},
) {
  const script = execFileSync("curl", ["-fsS", `${service.url}/install.sh`], { encoding: "utf8" });
  const shell = ["-c", `umask ${umask}; exec sh -s -- "$@"`, "sh"];
  return spawnSync("sh", [...shell, "--server", service.url, "--root", root, ...args], {
    input: edit(script),
    encoding: "utf8",
    env: { ...cleanEnvironment(), PATH: path },
  });
}

test("installs the agent with a unit that takes every privilege away, and the agent so started is taken in", async () => {
  const done = install(["--token", token, "--no-service"]);
  expect([done.status, done.stderr]).toEqual([0, ""]);
  expect((await stat(join(root, "etc/spillway-agent/token"))).mode & 0o777).toBe(0o600);
  const unit = await readFile(join(root, "etc/systemd/system/spillway-agent.service"), "utf8");
  for (const line of [
    "DynamicUser=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
  ]) {
    expect(unit).toContain(`\n${line}\n`);
  }

  const start = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? "";
  const folders = {
    CREDENTIALS_DIRECTORY: join(root, "etc/spillway-agent"),
    STATE_DIRECTORY: join(root, "state"),
  };
  const command = start.replace(" /opt/", ` ${root}/opt/`);
  const agent = spawn("sh", ["-c", `exec ${command} --name installed`], {
    env: { ...cleanEnvironment(), ...folders },
  });
  try {
    await waitFor("the host", async () => {
      const { data } = await service.graphql(`{ host(name: "installed") { status } }`);
      return data.host?.status === "REPORTING";
    });
  } finally {
    await end(agent);
  }
});

test("again it upgrades, with the token that is there", async () => {
  const agent = join(root, "opt/spillway-agent/agent.mjs");
  await writeFile(agent, "old");
  const done = install(["--no-service"]);
  expect([done.status, done.stderr]).toEqual([0, ""]);
  expect((await readFile(agent, "utf8")).length).toBeGreaterThan(10_000);
});

test("under a strict umask others can enter and read what they must, and what was closed before is mended", async () => {
  const lib = join(root, "opt/spillway-agent");
  await chmod(lib, 0o700);
  expect(install(["--no-service"], { umask: "077" }).status).toBe(0);
  const modes = await Promise.all(
    [lib, join(lib, "agent.mjs"), join(root, "etc/systemd/system/spillway-agent.service")].map(
      async (path) => (await stat(path)).mode & 0o777,
    ),
  );
  expect(modes).toEqual([0o755, 0o755, 0o644]);
  expect((await stat(join(root, "etc/spillway-agent/token"))).mode & 0o777).toBe(0o600);
});

test("the address of the service may end with slashes", async () => {
  const done = install(["--server", `${service.url}//`, "--no-service"]);
  expect([done.status, done.stderr]).toEqual([0, ""]);
  const unit = await readFile(join(root, "etc/systemd/system/spillway-agent.service"), "utf8");
  expect(unit).toContain(` --server ${service.url} --token-file `);
});

test("a script that was cut on the way does nothing", async () => {
  const unit = join(root, "etc/systemd/system/spillway-agent.service");
  await writeFile(unit, "the one before");
  for (const at of ["ProtectHome=yes", "[Install]", "systemctl daemon-reload\nsystemctl enable"]) {
    install(["--no-service"], { edit: (text) => text.slice(0, text.indexOf(at)) });
    expect(await readFile(unit, "utf8")).toBe("the one before");
  }
  expect(install(["--no-service"]).status).toBe(0);
  expect(await readFile(unit, "utf8")).toContain("[Install]");
});

test("what was changed on the way is refused, and what was there stays", async () => {
  const agent = join(root, "opt/spillway-agent/agent.mjs");
  const before = await readFile(agent, "utf8");
  const done = install(["--no-service"], {
    edit: (text) => text.replace(/(agent_sha256=').{8}/, "$100000000"),
  });
  expect(done.status).toBe(1);
  expect(done.stderr).toMatch(/agent.mjs has the digest [0-9a-f]{64} and not 00000000/);
  expect(await readFile(agent, "utf8")).toBe(before);
});

test("a host without Node gets the service's own", async () => {
  // Everything that the script needs, and no Node.
  const bin = join(root, "bin");
  await mkdir(bin, { recursive: true });
  for (const name of [
    "sh",
    "curl",
    "uname",
    "mkdir",
    "dirname",
    "sha256sum",
    "cut",
    "rm",
    "mv",
    "chmod",
    "cat",
    "env",
  ]) {
    const path = execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    await writeFile(join(bin, name), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
  }
  const done = install(["--no-service"], { path: bin });
  expect([done.stderr, done.status]).toEqual(["", 0]);
  const runtime = join(root, "opt/spillway-agent/node");
  expect(execFileSync(runtime, ["--version"], { encoding: "utf8" }).trim()).toBe(process.version);
  expect(await readFile(join(root, "etc/systemd/system/spillway-agent.service"), "utf8")).toContain(
    "ExecStart=/opt/spillway-agent/node --v8-pool-size=1 /opt/spillway-agent/agent.mjs",
  );
});

test("starts it by systemd, and waits until its first snapshot is taken", async () => {
  const bin = join(root, "systemd");
  await mkdir(bin, { recursive: true });
  const calls = join(root, "calls");
  await writeFile(
    join(bin, "systemctl"),
    `#!/bin/sh\necho "$@" >>${calls}\n[ "$1" = show ] && echo run-1\nexit 0\n`,
  );
  await writeFile(join(bin, "journalctl"), `#!/bin/sh\necho "the service took the first snapshot"\n`);
  for (const name of ["systemctl", "journalctl"]) await chmod(join(bin, name), 0o755);
  const done = install([], { path: `${bin}:${process.env.PATH}` });
  expect([done.status, done.stdout]).toEqual([0, expect.stringContaining("this host is in")]);
  expect(await readFile(calls, "utf8")).toMatch(
    /daemon-reload\nenable --quiet spillway-agent spillway-agent-token.path\nrestart spillway-agent\nstart spillway-agent-token.path\n/,
  );
});

test("a unit that cannot be enabled ends it with what systemd says", async () => {
  const bin = join(root, "masking-systemd");
  await mkdir(bin, { recursive: true });
  await writeFile(
    join(bin, "systemctl"),
    `#!/bin/sh\n[ "$1" = enable ] || exit 0\necho "Unit spillway-agent.service is masked." >&2\nexit 1\n`,
    { mode: 0o755 },
  );
  const done = install([], { path: `${bin}:${process.env.PATH}` });
  expect([done.status, done.stderr]).toEqual([
    1,
    expect.stringMatching(/is masked\.\nspillway: systemctl cannot enable spillway-agent/),
  ]);
});

test("a systemd that would not give the agent its token is refused", async () => {
  const bin = join(root, "old-systemd");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "systemctl"), "#!/bin/sh\necho 'systemd 239 (239-82.el8)'\n", { mode: 0o755 });
  const done = install([], { path: `${bin}:${process.env.PATH}` });
  expect([done.status, done.stderr]).toEqual([
    1,
    expect.stringMatching(/systemd 239.*needs 247.*--no-service/),
  ]);
});

test("--uninstall leaves nothing", async () => {
  // As `systemctl edit` makes it, for more privileges say.
  await mkdir(join(root, "etc/systemd/system/spillway-agent.service.d"));
  expect(install(["--uninstall"]).status).toBe(0);
  for (const path of [
    "opt/spillway-agent",
    "etc/spillway-agent",
    "etc/systemd/system/spillway-agent.service",
    "etc/systemd/system/spillway-agent.service.d",
    "etc/systemd/system/spillway-agent-token.path",
    "etc/systemd/system/spillway-agent-token.service",
  ]) {
    await expect(stat(join(root, path))).rejects.toThrow("ENOENT");
  }
});

test.each([
  [["--no-service"], /no token: give --token/],
  [["--nonsense"], /there is no option --nonsense/],
])("%j is refused with what to do", (args, message) => {
  const done = install(args);
  expect([done.status, done.stderr]).toEqual([1, expect.stringMatching(message)]);
});

test("a service that listens on loopback only says what to set first", async () => {
  const local = await startOnOwnDatabase();
  const response = await fetch(`${local.url}/install.sh`);
  expect([response.status, await response.json()]).toEqual([
    409,
    expect.objectContaining({
      code: "CONFLICT",
      detail: expect.stringMatching(/SPILLWAY_LISTEN=0.0.0.0.*SPILLWAY_PUBLIC_URL/),
    }),
  ]);
  await local.close();
});
