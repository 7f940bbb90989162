/**
 * Who a process id belongs to. Ids are reused, so an id alone names nobody: a process is named by its id
 * together with the moment at which it started.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether any process has this id now; one that may not be signalled counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * When the process started, in a form that is only good for comparing; undefined when there is no such
 * process. A zombie, ended but not yet reaped by its parent, counts as no process.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return psColumn(pid, "lstart");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the command in parentheses and may itself hold any character; count from its end.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
  return fields[19];
}

/** What the process was started as, its arguments joined by spaces; undefined when there is none. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return psColumn(pid, "command");
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return text === "" ? undefined : text.replace(/\0$/, "").replaceAll("\0", " ");
}

/** macOS has no /proc; ps is part of the system there. */
async function psColumn(pid: number, column: string): Promise<string | undefined> {
  const { stdout } = await run("/bin/ps", ["-p", String(pid), "-o", `${column}=`]).catch(() => ({
    stdout: "",
  }));
  return stdout.trim() === "" ? undefined : stdout.trim();
}

/** A process that can be recognised later, as text without spaces: `4711:8812345`. */
export async function describeProcess(pid: number): Promise<string> {
  return `${pid}:${((await startOf(pid)) ?? "").replaceAll(" ", "_")}`;
}

/** The id in a text of `describeProcess`, when that very process is still alive; otherwise undefined. */
export async function stillAlive(described: string): Promise<number | undefined> {
  const pid = Number.parseInt(described, 10);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return (await describeProcess(pid)) === described && (await startOf(pid)) !== undefined ? pid : undefined;
}
