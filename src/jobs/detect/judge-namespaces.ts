import { lossBy } from "../../detect/baseline/loss-at.ts";
import { diagnose } from "../../detect/diagnosis/diagnose.ts";
import { observe } from "../../detect/diagnosis/observe.ts";
import type { SharePoint } from "../../detect/diagnosis/severity.ts";
import type { Surroundings } from "../../detect/diagnosis/window.ts";
import type { Judgement } from "../../detect/episodes/book.ts";
import { LOSS_ENTRY, observationOf } from "../../detect/episodes/strength.ts";
import { suppressedBy } from "../../detect/episodes/suppression.ts";
import type { Flag } from "../../detect/flag.ts";
import { MINUTE_MS, minuteOf } from "../../rates/minute.ts";
import type { Db } from "../../store/client.ts";
import { readSysctls } from "../../store/detect/facts.ts";
import { type ObservedSnapshot, readObservations } from "../../store/detect/observations.ts";
import type { HostRecord } from "../../store/directory.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import type { SnapshotReader } from "../../store/history/snapshot-reader.ts";
import { eventsAround } from "./around.ts";
import { detailOf, type HandBook, namespaceSubject } from "./hand-book.ts";
import type { IncidentWriter } from "./incident-writer.ts";
import { roleOf, roleSizes } from "./roles.ts";

/** What a diagnosis is made of, and how far back it is looked how long a loss has lasted. */
const WINDOW_MS = MINUTE_MS;
const SHARES_MS = 5 * MINUTE_MS;
/** Snapshots from so long ago are judged no more: what was the matter then, nobody has to be told of now. */
const REACH_MS = 60 * MINUTE_MS;
/** Ingest takes nothing that lies further ahead. */
const AHEAD_MS = 6 * MINUTE_MS;

/** A namespace to be looked at closely, and why. */
export interface Suspect {
  readonly namespaceId: number;
  /** What is unusual there, of the minutes since it was judged last. */
  readonly flags: readonly Flag[];
  /** Starts of minutes in which something is unusual, or handshakes were lost. */
  readonly minutes: ReadonlySet<number>;
  /** What is usual there, by series, at a time. */
  readonly usualAt: (at: number) => Surroundings["usual"];
}

export interface JudgeDeps {
  readonly tx: Db;
  readonly reader: SnapshotReader;
  readonly fleet: Fleet;
  readonly roleLabels: readonly string[];
  readonly hand: HandBook;
  readonly writer: IncidentWriter;
  readonly now: number;
}

/** A snapshot of a suspect that was not judged yet. */
interface Step {
  readonly suspect: Suspect;
  readonly host: HostRecord;
  readonly at: number;
  readonly everyMs: number;
}

interface Seen {
  readonly observations: readonly ObservedSnapshot[];
  readonly shares: readonly SharePoint[];
}

/**
 * Judges the snapshots of namespaces where something is unusual, or an episode is on, one by one in the order of
 * their times: each is a step of its own, so that what comes late, or all at once, ends as what came in time.
 */
export async function judgeNamespaces(deps: JudgeDeps, suspects: readonly Suspect[]): Promise<void> {
  const { tx, reader, hand, now } = deps;
  const from = new Map(suspects.map((suspect) => [suspect.namespaceId, judgedUpTo(hand, suspect, now)]));
  const oldest = Math.min(...from.values());
  const observed = await readObservations(tx, reader, [...from.keys()], {
    from: oldest - SHARES_MS - WINDOW_MS,
    to: now + AHEAD_MS,
  });
  const sysctls = await readSysctls(tx, [...from.keys()]);
  const dropsId = await reader.layouts.counterId(tx, "TcpExtListenDrops");
  const counterName = (id: number) => reader.layouts.counterName(id) ?? "";
  const window = { counterName, dropsId };
  const events = await eventsAround(tx, { from: oldest, to: now + AHEAD_MS });
  const sizes = roleSizes(deps.fleet, deps.roleLabels);

  const seen = new Map<number, Seen>();
  const steps = suspects.flatMap((suspect) => {
    const { namespaceId } = suspect;
    const observations = observed.get(namespaceId) ?? [];
    const host = deps.fleet.hostById.get(deps.fleet.ownerOf.get(namespaceId) ?? -1);
    // One that the fleet does not show yet is judged at the next turn.
    if (host === undefined || observations.length === 0) return [];
    const { intervals } = observe({ observations, from: oldest - SHARES_MS, ...window });
    const shares = intervals.map(({ to, increases }) => ({
      to,
      share: lossBy((name) => increases.get(name) ?? 0)?.share ?? null,
    }));
    seen.set(namespaceId, { observations, shares });
    return observations
      .filter(({ snapshot }) => snapshot.at > (from.get(namespaceId) ?? 0))
      .map(({ snapshot: { at, everyMs } }): Step => ({ suspect, host, at, everyMs }));
  });
  steps.sort((a, b) => a.at - b.at || a.suspect.namespaceId - b.suspect.namespaceId);

  for (const { suspect, host, at, everyMs } of steps) {
    const { namespaceId, flags, minutes } = suspect;
    const subject = namespaceSubject(namespaceId);
    const own = seen.get(namespaceId);
    const shares = own?.shares.filter(({ to }) => to <= at && to > at - SHARES_MS) ?? [];
    const newest = shares.at(-1);
    // Of an interval without a rate nothing can be said: it neither begins an episode nor ends one.
    if (own === undefined || newest?.to !== at) continue;
    const holding = flags.filter((flag) => flag.from < at && flag.to > at - WINDOW_MS);
    if (holding.length === 0 && !minutes.has(minuteOf(at)) && !hasEpisode(hand, subject)) continue;

    const isLosing = (newest.share ?? 0) > LOSS_ENTRY;
    const around: Surroundings = {
      kernel: host.kernel,
      sysctls: sysctls.get(namespaceId) ?? {},
      usual: suspect.usualAt(at),
      flags: holding,
      dataProblem: null,
      silence: null,
      events: events.of(host),
    };
    const observations = own.observations.filter(({ snapshot }) => snapshot.at <= at);
    const found =
      holding.length > 0 || isLosing
        ? diagnose(observe({ observations, from: windowFrom(shares, at), ...window }), around, shares)
        : null;
    const whose = { subject, host: String(host.id), role: roleOf(host.labels, deps.roleLabels) };
    const closesMinute = minuteOf(at + everyMs) > minuteOf(at);
    const observation =
      found === null ? null : observationOf(found, whose, { share: newest.share, closesMinute });
    const isHeldBack = observation !== null && suppressedBy(observation.cause, at, around.events) !== null;
    const judgement: Judgement = {
      source: subject,
      at,
      judges: "counters",
      observations:
        observation === null ? [] : [isHeldBack ? { ...observation, strength: null } : observation],
      judged: new Set([subject]),
      sizes,
    };
    const details = found === null ? [] : [[subject, detailOf(found, namespaceId)] as const];
    await deps.writer.take(judgement, new Map(details));
  }
}

/**
 * Where the window of a diagnosis begins: a minute ago, or with the first loss since then. A queue that is full since
 * ten seconds ago was empty for most of the minute, and is full all the same.
 */
function windowFrom(shares: readonly SharePoint[], at: number): number {
  const from = at - WINDOW_MS;
  const first = shares.findIndex(({ to, share }) => to > from && (share ?? 0) > LOSS_ENTRY);
  return first === -1 ? from : Math.max(from, shares[first - 1]?.to ?? from);
}

/** Up to when a namespace was judged; one that was not before begins with the minute that makes it a suspect. */
function judgedUpTo({ book }: HandBook, { namespaceId, minutes, flags }: Suspect, now: number): number {
  const first = Math.min(now, ...minutes, ...flags.map(({ from, to }) => Math.max(from, to - MINUTE_MS)));
  const judged = book.watermarks.get(namespaceSubject(namespaceId)) ?? first - 1;
  return Math.max(judged, now - REACH_MS);
}

function hasEpisode({ book }: HandBook, subject: string): boolean {
  for (const episode of book.episodes.values()) {
    if (episode.subject === subject && episode.phase !== "closed") return true;
  }
  return false;
}

/** The namespaces among these of which an episode is on or may begin: they are judged until it is over. */
export function stillOn(hand: HandBook, namespaceIds: Iterable<number>): number[] {
  return [...namespaceIds].filter((id) => hasEpisode(hand, namespaceSubject(id))).sort((a, b) => a - b);
}
