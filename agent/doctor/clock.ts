import type { Asked } from "./ask.ts";
import type { Finding } from "./check.ts";

const CHECK = "clock";
/** From here on the agent moves its own time to that of the service (clock.ts). */
const TOLERATED_MS = 5_000;

/** How far this host's clock is from the service's. Snapshots are dated by the service's, whatever is found. */
export function checkClock(asked: Asked): Finding {
  if (asked.kind === "unreachable" || asked.verdict.kind !== "answered") {
    const message =
      "not known: the time of the service comes with its answer, and there was none; mend that first";
    return { check: CHECK, status: "warn", message };
  }
  const skewMs = asked.clock - asked.verdict.answer.time;
  const seconds = Math.abs(skewMs / 1_000).toFixed(1);
  const skew =
    Math.abs(skewMs) < 100
      ? "with the service's"
      : `${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the service's`;
  if (Math.abs(skewMs) <= TOLERATED_MS) return { check: CHECK, status: "ok", message: `it is ${skew}` };
  return {
    check: CHECK,
    status: "warn",
    message: `it is ${skew}: snapshots are dated by the service's clock, so no rate is wrong; set one of the two right (chronyd, systemd-timesyncd)`,
  };
}
