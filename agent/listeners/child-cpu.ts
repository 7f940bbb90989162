import { readFileSync } from "node:fs";

/** USER_HZ: the unit of times in /proc, 100 on every architecture that Node runs on. */
const TICK_MS = 10;
/** The kernel tells it in steps of 10 ms, and ss takes 2: one cycle alone would be 0 or 10. */
const CYCLES = 20;
/** Each reading is two files of /proc. */
const CYCLES_A_READING = 5;

/** What the children of this process cost a cycle. */
export interface ChildCpu {
  /** A cycle is over. */
  cycle(): void;
  /** CPU time of a cycle in ms, a mean of the newest twenty or so; 0 before the fifth. */
  perCycleMs(): number;
}

export function createChildCpu(total: () => number): ChildCpu {
  const totals = [total()];
  let cycles = 0;
  return {
    cycle() {
      cycles += 1;
      if (cycles % CYCLES_A_READING !== 0) return;
      totals.push(total());
      if (totals.length > CYCLES / CYCLES_A_READING + 1) totals.shift();
    },
    perCycleMs() {
      const [first = 0] = totals;
      const last = totals.at(-1) ?? first;
      return (last - first) / (Math.max(1, totals.length - 1) * CYCLES_A_READING);
    },
  };
}

/**
 * CPU time in ms of all children that have ended, and of one that has not with all that it has started and
 * seen end: Node's resourceUsage() leaves them out. When that one ends the kernel books it among the ended.
 * Always of /proc: another procfs may number this process otherwise. What cannot be read counts as 0.
 *
 * @param living process id of the child that stays; null where there is none.
 */
export function childrenCpuMs(
  living: number | null,
  read: (path: string) => string = (path) => readFileSync(path, "utf8"),
): number {
  const ended = ticksOf("/proc/self/stat", CHILDREN, read);
  return (ended + (living === null ? 0 : ticksOf(`/proc/${living}/stat`, OWN_AND_CHILDREN, read))) * TICK_MS;
}

/** cutime and cstime, fields 16 and 17 of proc_pid_stat(5), counted from the one behind the name. */
const CHILDREN = [13, 14] as const;
/** utime and stime before them. */
const OWN_AND_CHILDREN = [11, 12, ...CHILDREN] as const;

function ticksOf(path: string, wanted: readonly number[], read: (path: string) => string): number {
  try {
    const text = read(path);
    // The name of the program is in parentheses and may hold spaces and parentheses itself.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = wanted.reduce((sum, field) => sum + Number(fields[field]), 0);
    return Number.isFinite(ticks) ? ticks : 0;
  } catch {
    return 0;
  }
}
