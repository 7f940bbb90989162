/**
 * The agent's time: `at = anchor + uptime`, on the service's clock as far as it is known.
 *
 * Uptime never steps, so a host clock that does bends no rate. The anchor moves only when the service's
 * clock is clearly elsewhere, and only in ways that keep `at` rising with uptime, so that a snapshot is
 * stamped once and its name never changes. Pure: every time is an argument, in ms.
 */
export interface Timekeeping {
  /** Number of the epoch within its boot. */
  readonly number: number;
  /** Agent time at uptime 0, in ms since 1970. While slowing: its value when the slowing began. */
  readonly anchorMs: number;
  /** Present while time runs at half speed to let the service's clock catch up. */
  readonly slowing?: {
    /** Uptime when the slowing began. */
    readonly sinceMs: number;
    /** The anchor to arrive at; below `anchorMs`. */
    readonly goalMs: number;
  };
}

/** A drift up to this is left alone: shorter than any interval that matters, longer than any slow answer. */
export const DRIFT_MS = 5_000;
/** A clock further ahead than this would need more than ten minutes at half speed: a new epoch is clearer. */
export const SLOW_DOWN_MS = 5 * 60_000;
/** How many measurements the drift is the smallest of. */
export const MEASUREMENTS = 10;

/** Agent time at an uptime; a whole number that rises with uptime as long as reads are 2 ms apart. */
export function timeAt(keeping: Timekeeping, uptimeMs: number): number {
  return Math.floor(anchorAt(keeping, uptimeMs) + uptimeMs);
}

/** Half speed: the anchor falls by half a millisecond for each one of uptime, until it is at its goal. */
function anchorAt({ anchorMs, slowing }: Timekeeping, uptimeMs: number): number {
  if (slowing === undefined) return anchorMs;
  return Math.max(slowing.goalMs, anchorMs - Math.max(0, uptimeMs - slowing.sinceMs) / 2);
}

/**
 * The anchor that one answer speaks for. The service read its clock at some moment between sending and
 * receiving; the middle is wrong by half the round trip at most.
 */
export function measureAnchor(serviceTimeMs: number, sentUptimeMs: number, receivedUptimeMs: number): number {
  return Math.round(serviceTimeMs - (sentUptimeMs + receivedUptimeMs) / 2);
}

/**
 * Moves the anchor if the measurements ask for it; gives back the same object if not.
 *
 * The drift is the smallest of the last ten measurements, so that one slow or wrong answer moves nothing
 * once there are others. Forward the anchor moves at once. Backward by up to five minutes, time runs at half
 * speed until the service has caught up. Backward by more, a new epoch begins.
 *
 * @param measured anchors as `measureAnchor` gives them, oldest first.
 */
export function correct(keeping: Timekeeping, measured: readonly number[], uptimeMs: number): Timekeeping {
  const heading = keeping.slowing?.goalMs ?? keeping.anchorMs;
  let drift = Number.POSITIVE_INFINITY;
  for (const anchor of measured.slice(-MEASUREMENTS)) {
    if (Math.abs(anchor - heading) < Math.abs(drift)) drift = anchor - heading;
  }
  if (!Number.isFinite(drift) || Math.abs(drift) <= DRIFT_MS) return keeping;
  const goalMs = heading + drift;
  const anchorMs = anchorAt(keeping, uptimeMs);
  if (goalMs >= anchorMs) return { number: keeping.number, anchorMs: goalMs };
  if (anchorMs - goalMs <= SLOW_DOWN_MS) {
    return { number: keeping.number, anchorMs, slowing: { sinceMs: uptimeMs, goalMs } };
  }
  return { number: keeping.number + 1, anchorMs: goalMs };
}
