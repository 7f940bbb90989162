import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ: the unit of times in /proc. */
const TICK_MS = 10;

export interface CpuTimes {
  /** utime and stime of the process, in steps of 10 ms. */
  readonly ownMs: number;
  /** cutime and cstime: of its children that have ended. */
  readonly childrenMs: number;
  /**
   * The same as `ownMs` to the nanosecond, by the schedstat of its threads; a thread that ended is missing.
   * null where the kernel has none.
   */
  readonly fineMs: number | null;
}

/** @throws when the process is gone. */
export function readCpu(pid: number): CpuTimes {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program is in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = (first: number) => Number(fields[first]) + Number(fields[first + 1]);
  return { ownMs: ticks(11) * TICK_MS, childrenMs: ticks(13) * TICK_MS, fineMs: readFine(pid) };
}

function readFine(pid: number): number | null {
  let ns = 0;
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    }
  } catch {
    return null;
  }
  return ns / 1e6;
}

export interface Memory {
  readonly rssMb: number;
  readonly anonymousMb: number;
}

/** @throws when the process is gone. */
export function readMemory(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+([0-9]+) kB`, "m").exec(text)?.[1] ?? Number.NaN) / 1024;
  return { rssMb: megabytes("VmRSS"), anonymousMb: megabytes("RssAnon") };
}
