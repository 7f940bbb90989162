/** The one line that adds a host, on a machine with a real systemd: what its unit does, and does not, there. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { suiteService } from "../support/own-database-service.ts";
import { makeMachine, type Ran, type SystemdMachine, whyNoSystemd } from "../support/systemd/machine.ts";
import { waitFor } from "../support/wait.ts";

const why = whyNoSystemd();
const UNIT = "spillway-agent.service";
/** As the kernel prints a set of none. */
const NO_CAPABILITIES = "0000000000000000";

describe.skipIf(why !== null)(`with a real systemd${why === null ? "" : `, left out: ${why}`}`, () => {
  const service = suiteService({ env: { SPILLWAY_LISTEN: "0.0.0.0", SPILLWAY_INTERVAL: "500ms" } });
  let machine: SystemdMachine;
  let token: string;

  beforeAll(async () => {
    token = await service.token("ingest");
    machine = makeMachine();
    await machine.boot();
  });

  afterAll(async () => {
    await machine.remove();
  });

  /** As a person types it. */
  function install(options: string, before = ""): Promise<Ran> {
    const line = `curl -fsS ${service.url}/install.sh | sh -s -- --server ${service.url} ${options}`;
    return machine.run("sh", "-c", `${before}${line}`);
  }

  async function show(property: string): Promise<string> {
    return (await machine.run("systemctl", "show", "--property", property, "--value", UNIT)).stdout.trim();
  }

  async function hosts(): Promise<{ readonly id: string; readonly status: string }[]> {
    const { data } = await service.graphql("{ hosts(first: 10) { edges { node { id status } } } }");
    return data.hosts.edges.map(({ node }: { node: object }) => node);
  }

  const hasStatus = (status: string) =>
    waitFor(`the host to be ${status}`, async () => (await hosts())[0]?.status === status, {
      timeoutMs: 60_000,
    });

  /** What the agent said it can see. */
  async function capable(): Promise<readonly string[]> {
    const { data } = await service.graphql(
      "{ hosts(first: 10) { edges { node { capabilities { name available } } } } }",
    );
    const list: { name: string; available: boolean }[] = data.hosts.edges[0]?.node.capabilities ?? [];
    return list.filter(({ available }) => available).map(({ name }) => name);
  }

  test("the agent is started without any privilege, sees its host, and the service takes its first snapshot", async () => {
    const done = await install(`--token ${token}`);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(done.stdout).toContain("this host is in");
    expect([await show("ActiveState"), await show("UnitFileState"), await show("NRestarts")]).toEqual([
      "active",
      "enabled",
      "0",
    ]);
    const status = (await machine.run("cat", `/proc/${await show("MainPID")}/status`)).stdout;
    const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1];
    // The range of systemd's dynamic users.
    expect(Number(field("Uid"))).toBeGreaterThanOrEqual(61_184);
    expect([field("CapEff"), field("CapBnd"), field("NoNewPrivs"), field("Seccomp")]).toEqual([
      NO_CAPABILITIES,
      NO_CAPABILITIES,
      "1",
      "2",
    ]);
    await waitFor("ss to have been asked", async () => (await capable()).includes("listeners.limits"));
    expect(await capable()).toEqual(expect.arrayContaining(["collector.netstat", "namespaces", "sysctls"]));
  });

  test("the state, the token and the rest of the disk are closed to it and to others", async () => {
    const pid = await show("MainPID");
    const inside = (command: string) => machine.run("nsenter", "-t", pid, "-m", "sh", "-c", command);
    await machine.run("touch", "/root/secret");
    for (const command of ["touch /etc/x", "touch /opt/spillway-agent/x", "cat /root/secret"])
      expect((await inside(command)).code, command).not.toBe(0);
    const modes = "stat -c '%U %a' /etc/spillway-agent/token /var/lib/private/spillway-agent";
    const [tokenMode, stateMode] = (await machine.run("sh", "-c", modes)).stdout.trim().split("\n");
    expect(tokenMode).toBe("root 600");
    expect(stateMode).toMatch(/ 700$/);
    const { stdout } = await machine.run("systemd-analyze", "security", "--no-pager", UNIT);
    expect(Number(/exposure level for \S+ ([0-9.]+)/.exec(stdout)?.[1])).toBeLessThan(2.5);
  });

  test("a name that the host is given while the agent runs is taken up", async () => {
    const before = (await machine.run("hostname")).stdout.trim();
    for (const name of ["named-later", before]) {
      expect((await machine.run("hostname", name)).code).toBe(0);
      await waitFor("the host to be called so", async () => {
        const { data } = await service.graphql(`{ host(name: "${name}") { status } }`);
        return data.host?.status === "REPORTING";
      });
    }
  });

  test("run again, it upgrades and restarts: the same host", async () => {
    const before = [await hosts(), await show("MainPID")] as const;
    await machine.run("sh", "-c", "echo old >/opt/spillway-agent/agent.mjs");
    const done = await install("");
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(await show("MainPID")).not.toBe(before[1]);
    expect((await machine.run("node", "/opt/spillway-agent/agent.mjs", "--version")).code).toBe(0);
    expect((await hosts()).map(({ id }) => id)).toEqual(before[0].map(({ id }) => id));
  });

  test.each([
    ["written over the old one", "cat >/etc/spillway-agent/token"],
    ["put in its place", "cat >/etc/spillway-agent/x && mv /etc/spillway-agent/x /etc/spillway-agent/token"],
  ])("a new token that is %s is taken up, and nothing else need be done", async (_name, write) => {
    const next = await service.token("ingest");
    await machine.run("sh", "-c", `echo ${next} | { ${write}; }`);
    const copy = "cat /proc/$0/root/run/credentials/spillway-agent.service/token";
    await waitFor(
      "the agent to be started with it",
      async () => (await machine.run("sh", "-c", copy, await show("MainPID"))).stdout === `${next}\n`,
      { timeoutMs: 60_000 },
    );
    await waitFor(
      "the service to take what it sends",
      async () => {
        const run = `_SYSTEMD_INVOCATION_ID=${await show("InvocationID")}`;
        const { stdout } = await machine.run("journalctl", "--quiet", "--output", "cat", run);
        return stdout.includes("took the first snapshot");
      },
      { timeoutMs: 60_000 },
    );
  });

  test("a host that is shut down has left, and is back after its next start by itself", async () => {
    const before = await hosts();
    await machine.powerOff();
    await hasStatus("LEFT");
    await machine.boot();
    await hasStatus("REPORTING");
    expect((await hosts()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });

  test("a Node in a home, where the unit cannot go, is passed over for the service's own", async () => {
    const home = 'mkdir -p /root/bin && cp "$(command -v node)" /root/bin/node && PATH=/root/bin:$PATH && ';
    const done = await install("", home);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(await show("ExecStart")).toContain("path=/opt/spillway-agent/node ");
  });

  test("the privileged profile of docs/operations.md names owners", async () => {
    const folder = `/etc/systemd/system/${UNIT}.d`;
    const lines = [
      "[Service]",
      "DynamicUser=no",
      "User=root",
      "CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_DAC_READ_SEARCH",
      "RestrictNamespaces=no",
    ];
    await machine.run("sh", "-c", `mkdir ${folder} && printf '%s\\n' "$@" >${folder}/x.conf`, "sh", ...lines);
    const done = await install("");
    expect([done.code, done.stderr]).toEqual([0, ""]);
    await waitFor("owners", async () => (await capable()).includes("listeners.owners"), {
      timeoutMs: 60_000,
    });
    await machine.run("rm", "-r", folder);
  });

  test("--uninstall leaves nothing, and the host has left", async () => {
    expect((await install("--uninstall")).code).toBe(0);
    await hasStatus("LEFT");
    expect(await show("LoadState")).toBe("not-found");
    const { stdout } = await machine.run(
      "find",
      ...["/opt", "/etc", "/var/lib", "-xdev", "-name", "spillway-agent*"],
    );
    expect(stdout).toBe("");
  });
});
