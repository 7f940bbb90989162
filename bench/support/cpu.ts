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

/** CPU time of a process's first thread, in ms: of Node, the one that all JavaScript runs in. @throws when it is gone */
export function mainThreadCpuMs(pid: number): number {
  const times = timesOf(`${pid}/task/${pid}`);
  if (times === null) throw new Error(`process ${pid} is gone`);
  return times.ownMs;
}

/**
 * CPU time of a process and of all its descendants, those that ended included, in ms: for Postgres, whose
 * postmaster has a process for each connection and waits for each that ends. @throws when it is gone
 */
export function familyCpuMs(pid: number): number {
  return familyOf(pid).reduce((sum, { times }) => sum + times.ownMs + times.endedMs, 0);
}

/** Memory of a process and of all its descendants, in MB, what they share counted once; NaN where the kernel does not tell. */
export function familyMb(pid: number): number {
  return familyOf(pid).reduce((sum, one) => {
    try {
      const kb = /^Pss:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${one.pid}/smaps_rollup`, "utf8"))?.[1];
      return sum + Number(kb) / 1024;
    } catch (error) {
      // One that has just ended has no memory; others' may not be looked at.
      return (error as NodeJS.ErrnoException).code === "EACCES" ? Number.NaN : sum;
    }
  }, 0);
}

interface Member {
  readonly pid: number;
  readonly times: Times;
}

/** A process and all its descendants. @throws when it is gone */
function familyOf(pid: number): Member[] {
  const root = timesOf(pid);
  if (root === null) throw new Error(`process ${pid} is gone`);
  const children = new Map<number, Member[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const times = timesOf(name);
    if (times === null) continue;
    const siblings = children.get(times.parent);
    if (siblings === undefined) children.set(times.parent, [{ pid: Number(name), times }]);
    else siblings.push({ pid: Number(name), times });
  }
  const family: Member[] = [];
  const waiting: Member[] = [{ pid, times: root }];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    family.push(one);
    waiting.push(...(children.get(one.pid) ?? []));
  }
  return family;
}

/** Time that all cores together have not been idle so far, in ms. */
export function machineBusyMs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    readFileSync("/proc/stat", "utf8").split("\n")[0] ?? ""
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_MS;
}

/** Resident memory of a process, in MB; NaN when it is gone. */
export function residentMb(pid: number): number {
  try {
    return Number(/^VmHWM:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
