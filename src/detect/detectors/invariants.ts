import type { Flag } from "../flag.ts";
import { listed, plain, several, span } from "../words.ts";

/** What one namespace showed up to one snapshot. */
export interface InvariantInput {
  readonly from: number;
  /** When the snapshot was taken, and when it came in, ms since 1970 on the service's clock. */
  readonly at: number;
  readonly receivedAt: number;
  /** Names of the counters that fell and neither wrapped nor began anew. */
  readonly fell: readonly string[];
  /** Increases of TcpExtListenOverflows and TcpExtListenDrops; null where the kernel lacks them. */
  readonly listenOverflows: number | null;
  readonly listenDrops: number | null;
  /** Increases of TcpRetransSegs and TcpExtTCPSynRetrans. */
  readonly retransmits: number | null;
  readonly synRetransmits: number | null;
  /** A listener was seen with its queue over its limit, or with more drops; null where listeners cannot be seen. */
  readonly listenerShows: boolean | null;
}

/** A broken invariant: a flag, and whether nothing else that the host says may be judged. */
export interface DataProblem {
  readonly kind: "counters_fell" | "future" | "fewer_drops" | "unseen_listener" | "retransmits";
  readonly suppresses: boolean;
  readonly flag: Flag;
}

/** The sums of the kernel are read CPU by CPU while they grow: two may be apart by a few. */
const SLACK = 4;
/** A snapshot from so far ahead is refused at the door; one from less is a clock on its way to being mended. */
const FUTURE_MS = 300_000;

/**
 * What holds of every kernel and does not hold here. Counters that fell and times in the future mean that the
 * numbers cannot be trusted, and nothing else of the host is judged. The others are notes:
 *
 * - fewer ListenDrops than ListenOverflows: an XDP program that answers SYNs counts only the overflow;
 * - an overflow with no listener to show for it: the listener is of a namespace that the agent cannot look into,
 *   or the queue was full for less than a sample.
 */
export function judgeInvariants(input: InvariantInput): DataProblem[] {
  const { listenOverflows, listenDrops, retransmits, synRetransmits, fell } = input;
  const problems: DataProblem[] = [];
  const report = (
    kind: DataProblem["kind"],
    suppresses: boolean,
    found: Pick<Flag, "series" | "observed" | "expected" | "text">,
  ) => problems.push({ kind, suppresses, flag: flagOf(input, found) });

  if (fell.length > 0) {
    const names = fell.length > 3 ? [...fell.slice(0, 3), several(fell.length - 3, "other")] : fell;
    const text = `${listed(names)} fell without a reset: a kernel fault, or two machines under one id.`;
    report("counters_fell", true, { series: fell[0] ?? "", observed: fell.length, expected: 0, text });
  }
  const aheadMs = input.at - input.receivedAt;
  if (aheadMs > FUTURE_MS) {
    const text = `The snapshot is dated ${span(aheadMs)} after it came in: the agent's clock is ahead.`;
    report("future", true, { series: "time", observed: aheadMs / 1000, expected: 0, text });
  }
  if (listenOverflows !== null && listenDrops !== null && listenOverflows > listenDrops + SLACK) {
    const text = `ListenOverflows grew by ${plain(listenOverflows)} and ListenDrops, which includes them, by ${plain(listenDrops)}: a BPF program answers SYNs here.`;
    report("fewer_drops", false, {
      series: "TcpExtListenDrops",
      observed: listenDrops,
      expected: listenOverflows,
      text,
    });
  }
  if ((listenOverflows ?? 0) > 0 && input.listenerShows === false) {
    const text = `ListenOverflows grew by ${plain(listenOverflows ?? 0)} and no listener was seen with a full queue: it was full between samples, or is one that the agent may not see.`;
    report("unseen_listener", false, {
      series: "TcpExtListenOverflows",
      observed: listenOverflows ?? 0,
      expected: 0,
      text,
    });
  }
  if (retransmits !== null && synRetransmits !== null && synRetransmits > retransmits + SLACK) {
    const text = `TCPSynRetrans grew by ${plain(synRetransmits)} and RetransSegs, which includes them, by ${plain(retransmits)}.`;
    report("retransmits", false, {
      series: "TcpRetransSegs",
      observed: retransmits,
      expected: synRetransmits,
      text,
    });
  }
  return problems;
}

function flagOf(
  { from, at }: InvariantInput,
  found: Pick<Flag, "series" | "observed" | "expected" | "text">,
): Flag {
  const { expected } = found;
  return { detector: "invariant", from, to: at, low: expected, high: expected, z: 0, share: null, ...found };
}
