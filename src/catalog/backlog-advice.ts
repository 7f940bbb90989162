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
 * What to do about the accept queue of a listener, as a sentence; null when nothing is wrong with it, or
 * nothing can be said.
 *
 * Never net.ipv4.tcp_max_syn_backlog, although it is the usual advice: it bounds half-open connections when
 * SYN cookies are off and never sizes an accept queue; raising it changed nothing in any measurement.
 */
export function backlogAdvice(evidence: BacklogEvidence): string | null {
  const { limit, somaxconn, peakQueue, samplesFull, samples, dropsRose, acceptsSteady = false } = evidence;
  if (limit === null) return null;
  const wasFull = samplesFull > 0 || peakQueue > limit;
  if (!wasFull) return null;
  if (samplesFull >= PINNED_SAMPLES && samplesFull >= samples * PINNED_SHARE) {
    const pace = acceptsSteady
      ? "the application accepts connections more slowly than they come"
      : "the application accepts connections too slowly or not at all";
    return `The queue was full in ${samplesFull} of ${samples} samples: ${pace}, and a larger backlog will not help. Look at what keeps it from calling accept(): a stopped or blocked process, too few workers, a slow dependency.`;
  }
  const loss = dropsRose ? "connections were dropped" : "the next connection would have been dropped";
  const found = `A burst filled the queue of ${limit} and ${loss}`;
  if (somaxconn === null) {
    return `${found}: raise the backlog in the application's listen() call; net.core.somaxconn bounds it and could not be seen here.`;
  }
  if (limit < somaxconn) {
    return `${found}: raise the backlog in the application's listen() call from ${limit}. The application's own backlog is the limit, so raising net.core.somaxconn (${somaxconn}) does not help.`;
  }
  if (limit > somaxconn) {
    return `${found}: net.core.somaxconn is ${somaxconn} now and was higher when the listener was made; raise it above ${limit}, raise the backlog in the application's listen() call, then restart the listener.`;
  }
  return `${found}: raise net.core.somaxconn (${somaxconn}) and the backlog in the application's listen() call, then restart the listener: a running one keeps its limit.`;
}
