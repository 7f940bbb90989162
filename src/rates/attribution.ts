/** What was seen of one listener of a namespace over a range. */
export interface ListenerEvidence {
  /** Growth of its sk_drops over the intervals in which the namespace's ListenDrops grew. */
  readonly weight: number;
  /** Samples that found its queue over its limit (Recv-Q > Send-Q). */
  readonly samplesFull: number;
}

/** What the namespace's counters grew by over the same range. */
export interface NamespaceDrops {
  /** TcpExtListenDrops */
  readonly listenDrops: number;
  /** TcpExtEmbryonicRsts and TcpExtTCPDeferAcceptDrop: each raises sk_drops without a drop. */
  readonly inflators: number;
}

/** The part of a namespace's ListenDrops that is put down to one listener. */
export interface Attribution {
  readonly drops: number;
  /** Of the namespace's ListenDrops, 0 to 1. */
  readonly share: number;
  /** 0 to 1: how far the evidence leaves no other reading. */
  readonly confidence: number;
  /** Why, in a sentence. */
  readonly note: string;
}

/** Only queues were seen, no weights: a full queue is likely to have dropped, and nobody counted how much. */
const QUEUES_ONLY = 0.25;
/** Weight, but the queue was never seen full while another one's was. */
const ANOTHER_WAS_FULL = 0.5;

/**
 * Shares the ListenDrops of a namespace among its listeners; one entry for each, in their order. Null where nothing
 * says that a drop was this one's: it gained no weight, or ListenDrops did not grow.
 *
 * sk_drops of a listening socket is a weight and not a count. Each ListenDrops adds 1 to it, a last ACK that is
 * refused adds 2, and these add 1 without any drop: an RST for a half-open connection (the health checks of load
 * balancers), an ACK held back by TCP_DEFER_ACCEPT, a SYN sent again, a scan's odd packets. So a listener has at
 * most as many drops as weight, and:
 *
 * - The share is the weight over the larger of all weights and ListenDrops. What no weight covers stays with
 *   nobody: its listener was closed, or could not be seen.
 * - With the weights of the others known, the listener's drops lie between ListenDrops less those and its own
 *   weight. The confidence is 1 less the width of that range over ListenDrops, times the part of ListenDrops that
 *   weights cover, times 1/2 to 1 as the counters of the known inflators grew more or less beside ListenDrops,
 *   times 1/2 when its queue was never seen over its limit while another one's was.
 * - Without any weight the samples that found a queue over its limit share the drops, at a quarter of confidence.
 */
export function attributeDrops(
  drops: NamespaceDrops,
  listeners: readonly ListenerEvidence[],
): (Attribution | null)[] {
  const { listenDrops } = drops;
  if (listenDrops <= 0) return listeners.map(() => null);
  const weights = listeners.reduce((sum, { weight }) => sum + weight, 0);
  const samplesFull = listeners.reduce((sum, one) => sum + one.samplesFull, 0);
  return listeners.map((one) => {
    if (weights > 0) return one.weight === 0 ? null : byWeight(drops, one, weights, samplesFull > 0);
    if (one.samplesFull === 0) return null;
    const share = one.samplesFull / samplesFull;
    return {
      drops: share * listenDrops,
      share,
      confidence: QUEUES_ONLY * share,
      note: `Its queue was over its limit in ${one.samplesFull} of the ${samplesFull} samples that found one so; sk_drops was not seen to grow, so this is a guess by queues alone.`,
    };
  });
}

function byWeight(
  { listenDrops, inflators }: NamespaceDrops,
  { weight, samplesFull }: ListenerEvidence,
  weights: number,
  someFull: boolean,
): Attribution {
  const share = weight / Math.max(weights, listenDrops);
  const most = Math.min(weight, listenDrops);
  const covered = Math.min(1, weights / listenDrops);
  // Of the drops that weights cover, those that the others cannot have had.
  const least = Math.max(0, listenDrops * covered - (weights - weight));
  const narrow = 1 - (most - least) / listenDrops;
  const calm = 1 - inflators / (listenDrops + inflators) / 2;
  const notSeenFull = someFull && samplesFull === 0;
  return {
    drops: share * listenDrops,
    share,
    confidence: narrow * covered * calm * (notSeenFull ? ANOTHER_WAS_FULL : 1),
    note: noteOf({ listenDrops, inflators, weight, weights, notSeenFull }),
  };
}

function noteOf(found: {
  readonly listenDrops: number;
  readonly inflators: number;
  readonly weight: number;
  readonly weights: number;
  readonly notSeenFull: boolean;
}): string {
  const { listenDrops, inflators, weight, weights, notSeenFull } = found;
  const doubts: string[] = [];
  if (weights > listenDrops) {
    doubts.push(`all weights are ${weights}, more than the drops: some counted what was not dropped`);
  }
  if (weights < listenDrops) {
    doubts.push(
      `all weights are ${weights}: the other drops were of listeners that were not seen, or came before they were`,
    );
  }
  if (inflators > 0) {
    doubts.push(`EmbryonicRsts and TCPDeferAcceptDrop grew by ${inflators}, which raises weights too`);
  }
  if (notSeenFull) doubts.push("its queue was never seen over its limit, and another one's was");
  const fact = `sk_drops grew by ${weight} while ListenDrops of the namespace grew by ${listenDrops}`;
  return doubts.length === 0 ? `${fact}.` : `${fact}; ${doubts.join("; ")}.`;
}
