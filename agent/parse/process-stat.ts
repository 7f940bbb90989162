/**
 * When a process started, in ms of uptime, from /proc/<pid>/stat: field 22, in clock ticks of 10 ms.
 *
 * The second field is the process's own name in brackets and may hold anything, brackets too, so fields are
 * counted from the last one. Null when the text is not of that form.
 */
export function parseStartMs(stat: string): number | null {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields[19];
  return ticks !== undefined && /^[0-9]{1,14}$/.test(ticks) ? Number(ticks) * MS_PER_TICK : null;
}

/** USER_HZ is 100 on every architecture that Node runs on, whatever the kernel's own HZ. */
const MS_PER_TICK = 10;
