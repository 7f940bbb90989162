/** What is known of one listening socket over a while. */
export interface BacklogEvidence {
  /** Its effective limit: min(the backlog given to listen(), net.core.somaxconn when it did). Null: not seen. */
  readonly limit: number | null;
  /** net.core.somaxconn of its namespace now; null when not seen. */
  readonly somaxconn: number | null;
  /** The longest that its queue was. */
  readonly peakQueue: number;
  /** How many of the samples found the queue over its limit. */
  readonly samplesFull: number;
  readonly samples: number;
  /** What waited at the newest sample; left out where that is not known. */
  readonly lastQueue?: number | null;
  /** ListenDrops of its namespace rose meanwhile. */
  readonly dropsRose: boolean;
  /** The application took connections all the while, at a rate that hardly varied: it works at its own pace. */
  readonly acceptsSteady?: boolean;
}

/** From this share of samples on, a full queue is no peak. */
const PINNED_SHARE = 0.5;
/** One sample that was full may be a burst caught by chance. */
const PINNED_SAMPLES = 3;
/**
 * A queue that never empties is over its limit in a part of the samples only, the fewer the further its clients are: from
 * these shares on, and where the newest sample found it so, it may be one.
 */
export const STANDING_FULL_SHARE = 0.2;
export const STANDING_SHARE = 0.75;
/** Of what the kernel holds: a burst of twice the size fills it. */
const CLOSE_SHARE = 0.5;

/** Whether there is something to say about the queue of a listener: it was full, or more than half full. */
export function isAdvised({
  limit,
  peakQueue,
  samplesFull,
}: Pick<BacklogEvidence, "limit" | "peakQueue" | "samplesFull">): boolean {
  return limit !== null && (samplesFull > 0 || peakQueue > (limit + 1) * CLOSE_SHARE);
}

/**
 * What to do about the accept queue of a listener, as a sentence, before anything is dropped where it is seen in
 * time; null when its queue was never more than half full, or nothing can be said. That the application's own
 * backlog is below somaxconn is not enough: that of nearly all listeners is, and most of them are idle.
 *
 * Never net.ipv4.tcp_max_syn_backlog, although it is the usual advice: it bounds half-open connections when
 * SYN cookies are off and never sizes an accept queue; raising it changed nothing in any measurement.
 */
export function backlogAdvice(evidence: BacklogEvidence): string | null {
  const { limit, somaxconn, peakQueue, samplesFull, samples, dropsRose, acceptsSteady = false } = evidence;
  const { lastQueue = null } = evidence;
  if (limit === null || !isAdvised(evidence)) return null;
  if (samplesFull >= PINNED_SAMPLES && samplesFull >= samples * PINNED_SHARE) {
    const pace = acceptsSteady
      ? "the application accepts connections more slowly than they come"
      : "the application accepts connections too slowly or not at all";
    return `The queue was full in ${samplesFull} of ${samples} samples: ${pace}, and a larger backlog will not help. Look at what keeps it from calling accept(): a stopped or blocked process, too few workers, a slow dependency.`;
  }
  const mayStand =
    samplesFull >= PINNED_SAMPLES &&
    samplesFull >= samples * STANDING_FULL_SHARE &&
    lastQueue !== null &&
    lastQueue >= STANDING_SHARE * limit;
  if (mayStand) {
    return `The queue was full in ${samplesFull} of ${samples} samples, and ${lastQueue} of ${limit} waited at the last: look first whether it ever empties. If it does not, the application accepts more slowly than connections come, and a larger backlog will not help; if it does, raise the backlog in the application's listen() call, within net.core.somaxconn, then restart the listener.`;
  }
  const wasFull = samplesFull > 0 || peakQueue > limit;
  const loss = dropsRose ? "connections were dropped" : "the next connection would have been dropped";
  const found = wasFull
    ? `A burst filled the queue of ${limit} and ${loss}`
    : `The queue held ${peakQueue} of the ${limit + 1} connections that it has room for, and a larger burst would fill it`;
  if (somaxconn === null) {
    return `${found}: raise the backlog in the application's listen() call; net.core.somaxconn of its network namespace bounds it and could not be seen here.`;
  }
  if (limit < somaxconn) {
    return `${found}: raise the backlog in the application's listen() call from ${limit}, then restart the listener: a running one keeps its limit. It is below net.core.somaxconn, so raising net.core.somaxconn (${somaxconn}) does not help; if that was raised since the listener was made, the restart alone may.`;
  }
  if (limit > somaxconn) {
    return `${found}: net.core.somaxconn is ${somaxconn} now and was higher when the listener was made; raise it above ${limit}, raise the backlog in the application's listen() call, then restart the listener.`;
  }
  return `${found}: raise net.core.somaxconn (${somaxconn}) and the backlog in the application's listen() call, then restart the listener: a running one keeps its limit.`;
}
