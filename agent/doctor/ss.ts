import { createListenerWatch, type ListenerWatchParts, ROOT } from "../listeners/watch.ts";
import { systemTimers } from "../timers.ts";
import { createVerdicts, type Finding } from "./check.ts";

const CHECK = "ss and tcp_diag";

/** Whether listeners can be seen with their limits and drops, by looking at them once as a run does. */
export async function checkSs(
  procfs: string,
  listening: Pick<ListenerWatchParts, "runSs" | "readProc" | "privileges"> = {},
): Promise<Finding> {
  const verdicts = createVerdicts();
  const watch = createListenerWatch({
    procfs,
    everyMs: 1_000,
    timers: systemTimers,
    now: () => performance.now(),
    setCapability: verdicts.set,
    ...listening,
  });
  await watch.look();
  const seen = watch.take(ROOT);
  watch.stop();
  const noListeners = verdicts.whyNot("listeners");
  if (noListeners !== null) return { check: CHECK, status: "warn", message: noListeners };
  const noLimits = verdicts.whyNot("listeners.limits");
  if (noLimits !== null) return { check: CHECK, status: "warn", message: noLimits };
  const count = seen?.sockets.length ?? 0;
  return { check: CHECK, status: "ok", message: `ss shows ${count} listeners with queue, limit and drops` };
}
