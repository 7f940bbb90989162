import { existsSync, readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { childrenCpuMs } from "../../../../agent/listeners/child-cpu.ts";
import { type Ended, type Execute, executeBounded } from "../../../../agent/listeners/execute.ts";
import { createShell } from "../../../../agent/listeners/shell.ts";
import { waitFor } from "../../../support/wait.ts";

const NEVER = new AbortController().signal;
const NOTHING = { stdout: Buffer.alloc(0), stderr: "", tooLong: false };

/** A real shell past its first run, and the commands that were not left to it. */
async function setUp(options: Parameters<typeof createShell>[0] = {}) {
  const plainly: string[] = [];
  const plain: Execute = (file, args, signal) => {
    plainly.push([file, ...args].join(" "));
    return executeBounded(file, args, signal);
  };
  const shell = createShell({ plain, ...options });
  onTestFinished(() => {
    if (shell.pid !== null) process.kill(shell.pid, "SIGKILL");
  });
  await shell.execute("true", [], NEVER);
  expect(plainly.splice(0)).toEqual(["true"]);
  const run = (script: string, signal = NEVER) => shell.execute("sh", ["-c", script], signal);
  return { shell, run, plainly };
}

function pidOf({ pid }: { readonly pid: number | null }): number {
  if (pid === null) throw new Error("there is no shell");
  return pid;
}

/** Whether the process is there and no zombie. */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

const text = (stdout: string): Ended => ({ ...NOTHING, stdout: Buffer.from(stdout), code: 0 });

test("the first run needs no shell; those after it share one", async () => {
  const { shell, run, plainly } = await setUp();
  expect(shell.pid).toBeNull();
  expect(await run("echo one; printf two")).toEqual(text("one\ntwo"));
  const pid = pidOf(shell);
  expect(await run("true")).toEqual(text(""));
  expect(await run("printf 'three\\n'")).toEqual(text("three\n"));
  expect(shell.pid).toBe(pid);
  expect(plainly).toEqual([]);
});

test.each([
  "a  b ",
  " ",
  "*",
  "/*",
  "~",
  "$HOME",
  "`id`",
  "$(id)",
  "; exit 7",
  "'",
  '"',
  "\\",
  "\\n",
  "-n",
  "a\tb",
  "é€😀",
  "#",
  "A=B",
])("a word reaches the program as it is: %j", async (word) => {
  const { shell, plainly } = await setUp();
  expect(await shell.execute("printf", ["%s|", "first", word, "last"], NEVER)).toEqual(
    text(`first|${word}|last|`),
  );
  expect(plainly).toEqual([]);
});

test.each(["", "a\nid", "a\x1fb"])("a word that no line can carry is not given to it: %j", async (word) => {
  const { shell, plainly } = await setUp();
  expect(await shell.execute("printf", ["%s|", word], NEVER)).toEqual(text(`${word}|`));
  expect(plainly).toHaveLength(1);
});

test("much output, in many pieces and with characters of several bytes", async () => {
  const { run, plainly } = await setUp();
  const { stdout, code } = await run("yes 'LISTEN é€😀' | head -n 40000");
  expect(code).toBe(0);
  expect(stdout.toString()).toBe("LISTEN é€😀\n".repeat(40_000));
  expect(plainly).toEqual([]);
});

test("output that is no text, and lines that look like an end", async () => {
  const { run, plainly } = await setUp();
  const bytes = Buffer.from(Array.from({ length: 4_096 }, (_one, i) => (i * 7) % 256));
  const script = `printf '${[...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")}'`;
  expect((await run(script)).stdout).toEqual(bytes);
  expect(await run("printf '0\\n'; sleep 0.1; printf '\\0000\\n'; sleep 0.1; printf ' 0\\n'")).toEqual(
    text("0\n\x000\n 0\n"),
  );
  expect(plainly).toEqual([]);
});

test("nothing of the user's environment, and no input", async () => {
  process.env.SPILLWAY_TEST_SECRET = "secret";
  onTestFinished(() => {
    delete process.env.SPILLWAY_TEST_SECRET;
  });
  const { run } = await setUp();
  const { stdout } = await run("cat; env | grep -v '^\\(_\\|PWD\\|OLDPWD\\|SHLVL\\)='");
  expect(stdout.toString().trim().split("\n").sort()).toEqual([
    "LC_ALL=C",
    expect.stringMatching(/^PATH=\/usr\/local\/sbin:/),
  ]);
});

test("what fails is told as without a shell: exit code, stderr, a program that is not there", async () => {
  const { shell, run, plainly } = await setUp();
  expect(await run("echo half; echo why >&2; exit 3")).toEqual({
    ...NOTHING,
    stdout: Buffer.from("half\n"),
    stderr: "why\n",
    code: 3,
  });
  expect(await shell.execute("no-such-program", [], NEVER)).toMatchObject({ code: "ENOENT" });
  expect(plainly).toHaveLength(2);
  expect(await run("echo after; echo warning >&2")).toEqual(text("after\n"));
  expect(plainly).toHaveLength(2);
});

test("one that comes while another is under way does not wait for it", async () => {
  const { run, plainly } = await setUp();
  const slow = run("sleep 0.2; echo slow");
  expect(await run("echo quick")).toEqual(text("quick\n"));
  expect(plainly).toEqual(["sh -c echo quick"]);
  expect(await slow).toEqual(text("slow\n"));
});

describe("a run that must end takes the shell and the program along", () => {
  async function expectGone(pids: readonly number[]) {
    await waitFor("the end of shell and program", () => pids.every((pid) => !isAlive(pid)));
  }

  /** The programs that a shell is running. */
  async function startedBy(pid: number): Promise<readonly number[]> {
    const children = () =>
      readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    await waitFor("a program under the shell", () => children().length > 0);
    return children().map(Number);
  }

  test("at its deadline", async () => {
    const { shell, run, plainly } = await setUp({ deadlineMs: 300 });
    const hung = run("exec sleep 100");
    const pid = pidOf(shell);
    const programs = await startedBy(pid);
    expect(await hung).toEqual({ ...NOTHING, code: null });
    await expectGone([pid, ...programs]);
    expect(plainly).toEqual([]);
    expect(await run("echo again")).toEqual(text("again\n"));
    expect(shell.pid).not.toBe(pid);
  });

  test("when it is given up", async () => {
    const { shell, run } = await setUp();
    const aborter = new AbortController();
    const hung = run("exec sleep 100", aborter.signal);
    const pid = pidOf(shell);
    const programs = await startedBy(pid);
    aborter.abort();
    expect(await hung).toEqual({ ...NOTHING, code: "ABORT_ERR" });
    await expectGone([pid, ...programs]);
  });

  test("when it prints without end", async () => {
    const { shell, run } = await setUp({ outputBytes: 100_000 });
    const endless = run("exec yes");
    const pid = pidOf(shell);
    expect(await endless).toEqual({ ...NOTHING, code: null, tooLong: true });
    await expectGone([pid]);
    expect(await run("echo again")).toEqual(text("again\n"));
  });
});

test("a shell that was killed is started again, and the run it had is done without it", async () => {
  const { shell, run, plainly } = await setUp();
  await run("true");
  const first = pidOf(shell);
  const interrupted = run("sleep 0.2; echo done");
  process.kill(first, "SIGKILL");
  expect(await interrupted).toEqual(text("done\n"));
  expect(plainly).toHaveLength(1);
  await run("true");
  expect(pidOf(shell)).not.toBe(first);
  process.kill(pidOf(shell), "SIGKILL");
  await waitFor("the end of the shell", () => shell.pid === null);
  expect(await run("echo idle")).toEqual(text("idle\n"));
  expect(plainly).toHaveLength(1);
});

test.each(["/no/such/shell", "/bin/false"])(
  "without a shell of use (%s) every run is done without",
  async (path) => {
    const { shell, run, plainly } = await setUp({ path });
    for (const word of ["one", "two", "three"]) expect(await run(`echo ${word}`)).toEqual(text(`${word}\n`));
    expect(plainly).toHaveLength(3);
    expect(shell.pid).toBeNull();
  },
);

test("CPU time of what it ran is its own, and of the ended children after it", async () => {
  const { shell, run } = await setUp();
  await run("true");
  const before = childrenCpuMs(shell.pid);
  await run("i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done");
  const after = childrenCpuMs(shell.pid);
  expect(after - before).toBeGreaterThanOrEqual(30);
  expect(childrenCpuMs(null)).toBeLessThan(after);
  process.kill(pidOf(shell), "SIGKILL");
  await waitFor("the end of the shell", () => shell.pid === null);
  expect(childrenCpuMs(null)).toBeGreaterThanOrEqual(after);
});
