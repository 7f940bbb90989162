import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ: the unit of times in /proc. */
const TICK_MS = 10;

interface Times {
  readonly ownMs: number;
  /** Of its children that have ended and were waited for, and of theirs. */
  readonly endedMs: number;
  readonly parent: number;
}

function timesOf(pid: number | string): Times | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The name of the program is in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) * TICK_MS;
  return { ownMs: ticks(11), endedMs: ticks(13), parent: Number(fields[1]) };
}

/** CPU time of a process, all of its threads, in ms. @throws when it is gone */
export function processCpuMs(pid: number): number {
  const times = timesOf(pid);
  if (times === null) throw new Error(`process ${pid} is gone`);
  return times.ownMs;
}

/**
 * CPU time of a process and of all its descendants, those that ended included, in ms: for Postgres, whose
 * postmaster has a process for each connection and waits for each that ends. @throws when it is gone
 */
export function familyCpuMs(pid: number): number {
  const root = timesOf(pid);
  if (root === null) throw new Error(`process ${pid} is gone`);
  const children = new Map<number, { readonly pid: number; readonly times: Times }[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const times = timesOf(name);
    if (times === null) continue;
    const siblings = children.get(times.parent);
    if (siblings === undefined) children.set(times.parent, [{ pid: Number(name), times }]);
    else siblings.push({ pid: Number(name), times });
  }
  const sum = (times: Times, id: number): number =>
    (children.get(id) ?? []).reduce(
      (all, child) => all + sum(child.times, child.pid),
      times.ownMs + times.endedMs,
    );
  return sum(root, pid);
}

/** Resident memory of a process, in MB; NaN when it is gone. */
export function residentMb(pid: number): number {
  try {
    return Number(/^VmHWM:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
