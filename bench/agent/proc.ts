import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ: the unit of times in /proc. */
const TICK_MS = 10;

export interface CpuTimes {
  /** utime and stime of the process, in steps of 10 ms. */
  readonly ownMs: number;
  /**
   * cutime and cstime, of its children that have ended; and of those that have not, what they and their own
   * children took so far.
   */
  readonly childrenMs: number;
  /**
   * The same as `ownMs` to the nanosecond, by the schedstat of its threads; a thread that ended is missing.
   * null where the kernel has none.
   */
  readonly fineMs: number | null;
}

/** @throws when the process is gone. */
export function readCpu(pid: number): CpuTimes {
  const { own, ended } = readTicks(pid);
  let children = ended;
  for (const child of livingChildren(pid)) {
    try {
      const ticks = readTicks(child);
      children += ticks.own + ticks.ended;
    } catch {
      // It has ended in between: the next reading has it among the ended.
    }
  }
  return { ownMs: own * TICK_MS, childrenMs: children * TICK_MS, fineMs: readFine(pid) };
}

function readTicks(pid: number): { readonly own: number; readonly ended: number } {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program is in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = (first: number) => Number(fields[first]) + Number(fields[first + 1]);
  return { own: ticks(11), ended: ticks(13) };
}

/** Each thread has those that it started. */
function livingChildren(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
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
  /** Of the children that are there, which is all that they take for themselves. */
  readonly childrenAnonymousMb: number;
}

/** @throws when the process is gone. */
export function readMemory(pid: number): Memory {
  const { rssMb, anonymousMb } = memoryOf(pid);
  let childrenAnonymousMb = 0;
  for (const child of livingChildren(pid)) {
    try {
      childrenAnonymousMb += memoryOf(child).anonymousMb;
    } catch {
      // It has ended in between.
    }
  }
  return { rssMb, anonymousMb, childrenAnonymousMb };
}

function memoryOf(pid: number): Omit<Memory, "childrenAnonymousMb"> {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+([0-9]+) kB`, "m").exec(text)?.[1] ?? Number.NaN) / 1024;
  return { rssMb: megabytes("VmRSS"), anonymousMb: megabytes("RssAnon") };
}
