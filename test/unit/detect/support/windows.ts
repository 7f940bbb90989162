import { type Diagnosis, diagnose } from "../../../../src/detect/diagnosis/diagnose.ts";
import { MEASURES, type Measure } from "../../../../src/detect/diagnosis/measures.ts";
import type { SharePoint } from "../../../../src/detect/diagnosis/severity.ts";
import type {
  NamespaceWindow,
  ObservedListener,
  Surroundings,
} from "../../../../src/detect/diagnosis/window.ts";
import { lossShare, lostHandshakes } from "../../../../src/rates/loss.ts";

export type Counts = Partial<Record<Measure, number>>;

export const CALM: Surroundings = {
  kernel: "6.12.0",
  sysctls: { "net.core.somaxconn": "4096", "net.ipv4.tcp_syncookies": "1" },
  usual: new Map(),
  flags: [],
  dataProblem: null,
  silence: null,
  events: [],
};

export function listener(more: Partial<ObservedListener> = {}): ObservedListener {
  return {
    inode: "1",
    address: "0.0.0.0",
    port: 8080,
    owner: "app",
    limit: 16,
    samples: 60,
    samplesFull: 0,
    peakQueue: 0,
    stuckSamples: 0,
    firstQueue: 0,
    lastQueue: 0,
    weight: 0,
    openedAt: null,
    closedAt: null,
    ...more,
  };
}

/** What every snapshot carries: a counter that is not named stood still. */
export function windowOf(
  intervals: readonly Counts[],
  more: {
    listeners?: ObservedListener[];
    listenersSeen?: boolean;
    gauges?: Record<string, number>;
    everyMs?: number;
  } = {},
): NamespaceWindow {
  const { listeners = [], listenersSeen = listeners.length > 0, gauges = {}, everyMs = 10_000 } = more;
  return {
    intervals: intervals.map((counts, index) => ({
      from: index * everyMs,
      to: (index + 1) * everyMs,
      ratedMs: everyMs,
      increases: new Map(
        (Object.keys(MEASURES) as Measure[]).map((measure) => [MEASURES[measure], counts[measure] ?? 0]),
      ),
      gauges: new Map(Object.entries(gauges)),
    })),
    listeners,
    listenersSeen,
  };
}

/** The same total in each of six intervals. */
export function spread(counts: Counts, intervals = 6): Counts[] {
  const each = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / intervals]));
  return Array.from({ length: intervals }, () => each);
}

/** A diagnosis with the shares that the window itself shows. */
export function diagnosisOf(window: NamespaceWindow, around: Partial<Surroundings> = {}): Diagnosis | null {
  return diagnose(window, { ...CALM, ...around }, sharesOf(window));
}

export function sharesOf({ intervals }: NamespaceWindow): SharePoint[] {
  return intervals.map(({ to, increases }) => {
    const count = (measure: Measure) => increases.get(MEASURES[measure]) ?? 0;
    const lost = lostHandshakes({
      listenOverflows: count("overflows"),
      reqQFullDrop: count("queueFullDrops"),
      cookiesSent: count("cookiesSent"),
      cookiesReceived: count("cookiesReceived"),
      cookiesFailed: count("cookiesFailed"),
    });
    return { to, share: lossShare(count("accepted"), lost)?.share ?? null };
  });
}
