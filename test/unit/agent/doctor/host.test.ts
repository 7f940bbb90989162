import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { netstat } from "../../../../agent/collectors/netstat.ts";
import { snmp } from "../../../../agent/collectors/snmp.ts";
import { sockstat } from "../../../../agent/collectors/sockstat.ts";
import { checkNamespace } from "../../../../agent/doctor/namespace.ts";
import { checkPrivileges, checkProcesses } from "../../../../agent/doctor/permissions.ts";
import { checkProcfs } from "../../../../agent/doctor/procfs.ts";
import { checkSs } from "../../../../agent/doctor/ss.ts";
import { checkSpace, checkStateFolder } from "../../../../agent/doctor/state.ts";
import { judgeRoot } from "../../../../agent/namespaces/root.ts";
import { diagDump } from "../support/diag.ts";
import { makeProcfs, temporaryFolder } from "../support/procfs.ts";

const folder = () => temporaryFolder(onTestFinished);

test("procfs: the counters of a fixture are read, and what its kernel lacks is said", () => {
  const procfs = makeProcfs(folder(), "6.18.44");
  expect(checkProcfs(procfs, [snmp, netstat])).toEqual({
    check: "procfs",
    status: "ok",
    message: expect.stringMatching(/^\d+ counters of Linux 6\.18\.44 \S+ in .*\/proc\/1\/net$/),
  });
  const old = checkProcfs(makeProcfs(folder(), "2.6.32"), [snmp, netstat, sockstat]);
  expect(old).toMatchObject({ status: "warn", message: expect.stringContaining("there is no net/sockstat") });
});

test.each([
  ["a procfs that is none", () => "/nonexistent", "is --procfs the procfs of a Linux kernel?"],
  ["a file that is cut", () => makeProcfs(folder(), "truncated"), "netstat cannot be read"],
])("procfs: %s is a FAIL", (_case, make, words) => {
  const finding = checkProcfs(make(), [netstat]);
  expect(finding).toMatchObject({ status: "FAIL", message: expect.stringContaining(words) });
});

test("procfs: counters without those of listeners are a FAIL", () => {
  expect(checkProcfs(makeProcfs(folder(), "6.18.44"), [snmp])).toMatchObject({
    status: "FAIL",
    message: expect.stringContaining("has no TcpExtListenDrops"),
  });
});

test("network namespace: that of process 1 is ROOT, with its inode", () => {
  const { status, message } = checkNamespace(makeProcfs(folder(), "6.18.44"));
  expect([status, message]).toEqual([
    "ok",
    expect.stringMatching(/^ROOT, .*read: inode (\d+), .* inode \1\)$/),
  ]);
});

test("network namespace: in a container it is not called ROOT", () => {
  const contained: typeof judgeRoot = (procfs, capabilities) =>
    judgeRoot(procfs, capabilities, () => "pid:[4026532999]");
  const { status, message } = checkNamespace("/proc", contained);
  expect(status).toBe("warn");
  expect(message).toMatch(/^not ROOT .*: .*(hostPID|--procfs|hidepid)/);
});

test("network namespace: without a process 1 nothing is called ROOT", () => {
  expect(checkNamespace("/nonexistent")).toMatchObject({
    status: "warn",
    message: expect.stringContaining("not ROOT (read: not to be seen, of process 1: not to be seen)"),
  });
});

const quiet = { address: "::", port: 80, inode: "7", acceptQueue: 0, limit: null, drops: null };
const privileges = { enter: true, owners: true };

test("ss: shows listeners with limits", async () => {
  const runSs = async () => ({ kind: "output", output: diagDump([{ port: 22 }]) }) as const;
  expect(await checkSs("/proc", { runSs, privileges })).toEqual({
    check: "ss and tcp_diag",
    status: "ok",
    message: "ss shows 1 listeners with queue, limit and drops",
  });
});

test.each([
  ["no ss", { kind: "absent", program: "ss" } as const, [quiet], "install iproute2"],
  ["no tcp_diag", { kind: "output", output: Buffer.alloc(0) } as const, [quiet], "modprobe tcp_diag"],
  ["nothing at all", { kind: "absent", program: "ss" } as const, null, "there is no /proc/self/net/tcp"],
])("ss: %s is a warning with the fix", async (_case, answer, sockets, words) => {
  const finding = await checkSs("/proc", { runSs: async () => answer, readProc: () => sockets, privileges });
  expect(finding).toMatchObject({ status: "warn", message: expect.stringContaining(words) });
});

test("processes: a procfs without process 1 hides those of others", () => {
  const procfs = folder();
  expect(checkProcesses(procfs)).toMatchObject({
    status: "warn",
    message: expect.stringContaining("process 1 is not to be seen"),
  });
  mkdirSync(join(procfs, "1/net"), { recursive: true });
  writeFileSync(join(procfs, "1/net/netstat"), "");
  expect(checkProcesses(procfs)).toMatchObject({ status: "ok" });
  expect(checkProcesses("/nonexistent")).toMatchObject({ status: "FAIL" });
});

test("processes: closed ones are counted", () => {
  const procfs = folder();
  chmodSync(procfs, 0o755);
  mkdirSync(join(procfs, "1"), { mode: 0o000 });
  onTestFinished(() => chmodSync(join(procfs, "1"), 0o700));
  expect(asPlainUser(() => checkProcesses(procfs).message)).toContain("1 of 1 processes");
});

/** Root sees what is closed: it looks as `nobody` does. */
function asPlainUser<T>(look: () => T): T {
  if (process.geteuid?.() !== 0) return look();
  process.seteuid?.("nobody");
  try {
    return look();
  } finally {
    process.seteuid?.(0);
  }
}

test.each([
  [{ enter: true, owners: true }, 3, "ok", "the agent may enter other network namespaces and see which"],
  [{ enter: false, owners: true }, 0, "ok", "the agent may see which process owns a listener"],
  [{ enter: false, owners: true }, 3, "warn", "in 3 other network namespaces only the queue"],
  [{ enter: false, owners: true }, 3, "warn", "needs CAP_SYS_ADMIN and CAP_SYS_PTRACE"],
  [{ enter: true, owners: false }, 0, "warn", "needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"],
])("privileges: %o with %i other namespaces: %s", (held, others, status, words) => {
  expect(checkPrivileges("/proc", held, others)).toMatchObject({
    status,
    message: expect.stringContaining(words),
  });
});

test("state folder: one that is there is tried and left as it was", () => {
  const state = folder();
  mkdirSync(join(state, "spool"));
  expect(checkStateFolder(state)).toMatchObject({
    status: "ok",
    message: `${state} and its spool can be written`,
  });
  expect([readdirSync(state), readdirSync(join(state, "spool"))]).toEqual([["spool"], []]);
});

test("state folder: one that is not there is not made", () => {
  const parent = folder();
  expect(checkStateFolder(join(parent, "a/state"))).toMatchObject({
    status: "ok",
    message: expect.stringContaining(`can be made in ${parent}`),
  });
  expect(readdirSync(parent)).toEqual([]);
});

test("state folder: one that cannot be is a FAIL with the fix", () => {
  const file = join(folder(), "file");
  writeFileSync(file, "");
  for (const state of [file, join(file, "state")]) {
    const finding = checkStateFolder(state);
    expect(finding, state).toMatchObject({ status: "FAIL", message: expect.stringContaining("--state-dir") });
  }
});

test("free space: less than the spool may take is a warning; what it holds already counts", () => {
  const state = folder();
  mkdirSync(join(state, "spool"));
  writeFileSync(join(state, "spool/1"), Buffer.alloc(1024 ** 2));
  expect(checkSpace(state, 2 * 1024 ** 2)).toMatchObject({
    status: "ok",
    message: expect.stringContaining("the spool holds 1.0 of at most 2.0 MiB"),
  });
  expect(checkSpace(state, Number.MAX_SAFE_INTEGER)).toMatchObject({
    status: "warn",
    message: expect.stringContaining("lower --spool-max"),
  });
});
