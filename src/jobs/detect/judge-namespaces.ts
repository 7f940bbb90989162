import { lossBy } from "../../detect/baseline/loss-at.ts";
import { diagnose, diagnoseLoss } from "../../detect/diagnosis/diagnose.ts";
import { MEASURES } from "../../detect/diagnosis/measures.ts";
import { observe, type WindowInput } from "../../detect/diagnosis/observe.ts";
import type { SharePoint } from "../../detect/diagnosis/severity.ts";
import type { Surroundings } from "../../detect/diagnosis/window.ts";
import type { Judgement } from "../../detect/episodes/book.ts";
import { CALM_STRENGTH } from "../../detect/episodes/policy.ts";
import { observationOf } from "../../detect/episodes/strength.ts";
import { suppressedBy } from "../../detect/episodes/suppression.ts";
import type { Flag } from "../../detect/flag.ts";
import { type DetectionSettings, policyOf } from "../../detect/settings.ts";
import { MINUTE_MS, minuteOf } from "../../rates/minute.ts";
import type { Db } from "../../store/client.ts";
import { readSysctls } from "../../store/detect/facts.ts";
import { type ObservedSnapshot, readObservations } from "../../store/detect/observations.ts";
import { type HostRecord, isRoot } from "../../store/directory.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import type { SnapshotReader } from "../../store/history/snapshot-reader.ts";
import { type EventsAround, eventsAround } from "./around.ts";
import { closedIn, withClosed } from "./closed-listeners.ts";
import { type DataProblem, problemsOfHosts } from "./data-problems.ts";
import {
  type Detail,
  detailOf,
  episodesOf,
  type HandBook,
  hasEpisode,
  hasTold,
  namespaceSubject,
} from "./hand-book.ts";
import type { IncidentWriter } from "./incident-writer.ts";
import { recordRestarts } from "./restarts.ts";
import { roleOf, roleSizes } from "./roles.ts";

/** What a diagnosis is made of, and how far back it is looked how long a loss has lasted. */
const WINDOW_MS = MINUTE_MS;
const SHARES_MS = 5 * MINUTE_MS;
/** Snapshots from so long ago are judged no more: what was the matter then, nobody has to be told of now. */
const REACH_MS = 60 * MINUTE_MS;
/** Suspects that are looked at from so long ago are read apart. */
const OLD_MS = 2 * SHARES_MS + WINDOW_MS;
/** Ingest takes nothing that lies further ahead. */
const AHEAD_MS = 6 * MINUTE_MS;

/** A namespace to be looked at closely, and why. */
export interface Suspect {
  readonly namespaceId: number;
  /** What is unusual there, of the minutes since it was judged last. */
  readonly flags: readonly Flag[];
  /** What holds of its host now and is no reason to look: how it differs from others of its role. */
  readonly beside: readonly Flag[];
  /** Starts of minutes in which something is unusual, or handshakes were lost. */
  readonly minutes: ReadonlySet<number>;
  /** What is usual there, by series, at a time. */
  readonly usualAt: (at: number) => Surroundings["usual"];
}

/** What judging needs besides what was read. */
export interface Judging {
  readonly fleet: Pick<Fleet, "hosts" | "hostById" | "ownerOf">;
  readonly roleLabels: readonly string[];
  readonly settings: DetectionSettings;
  readonly hand: HandBook;
  readonly writer: Pick<IncidentWriter, "take" | "record" | "addEvidence">;
  /** Snapshots from here on are left for later, ms since 1970. */
  readonly until: number;
  readonly now: number;
}

export interface JudgeDeps extends Judging {
  readonly tx: Db;
  readonly reader: SnapshotReader;
}

/** What was read of suspects. */
export interface ReadOfSuspects {
  /** By namespace: its snapshots, and its settings as they were sent last. */
  readonly observed: ReadonlyMap<number, readonly ObservedSnapshot[]>;
  readonly sysctls: ReadonlyMap<number, Surroundings["sysctls"]>;
  readonly window: Pick<WindowInput, "counterName" | "dropsId">;
  readonly events: EventsAround;
  /** By host. */
  readonly problems: ReadonlyMap<number, readonly DataProblem[]>;
}

/** A suspect with all there is to judge it by. */
interface Seen {
  readonly suspect: Suspect;
  readonly host: HostRecord;
  readonly observations: readonly ObservedSnapshot[];
  /** The share of handshakes lost, of each interval with a rate. */
  readonly shares: readonly SharePoint[];
  readonly sysctls: Surroundings["sysctls"];
}

/** A snapshot of a suspect that was not judged yet. */
interface Step {
  readonly seen: Seen;
  readonly at: number;
  /** It is the last of its minute. */
  readonly closesMinute: boolean;
}

/** What the steps have in common. */
interface Common extends Pick<ReadOfSuspects, "window" | "events" | "problems"> {
  readonly sizes: Judgement["sizes"];
}

/**
 * Judges the snapshots of namespaces where something is unusual, or an episode is on, one by one in the order of
 * their times: each is a step of its own, so that what comes late, or all at once, ends as what came in time.
 */
export async function judgeNamespaces(deps: JudgeDeps, suspects: readonly Suspect[]): Promise<void> {
  if (suspects.length === 0) return;
  const { tx, reader, hand, fleet, now } = deps;
  const from = new Map(suspects.map((suspect) => [suspect.namespaceId, lookedAtFrom(hand, suspect, now)]));
  const oldest = Math.min(...from.values());
  const hostIds = [...from.keys()].flatMap((id) => fleet.ownerOf.get(id) ?? []);
  await judgeObserved(deps, suspects, {
    observed: await readSince(deps, from),
    sysctls: await readSysctls(tx, [...from.keys()]),
    window: {
      counterName: (id) => reader.layouts.counterName(id) ?? "",
      dropsId: await reader.layouts.counterId(tx, "TcpExtListenDrops"),
    },
    events: await eventsAround(tx, { from: oldest, to: now + AHEAD_MS }),
    problems: await problemsOfHosts(tx, reader.layouts, hostIds, { from: oldest, to: now + AHEAD_MS }),
  });
}

/** The same of what has been read: it reads nothing itself, and only the writer writes. */
export async function judgeObserved(
  deps: Judging,
  suspects: readonly Suspect[],
  { observed, sysctls, window, events, problems }: ReadOfSuspects,
): Promise<void> {
  const { hand, fleet, now } = deps;
  const common: Common = { window, events, problems, sizes: roleSizes(fleet, deps.roleLabels) };
  const steps = suspects.flatMap((suspect): Step[] => {
    const { namespaceId } = suspect;
    const observations = observed.get(namespaceId) ?? [];
    const host = fleet.hostById.get(fleet.ownerOf.get(namespaceId) ?? -1);
    // One that the fleet does not show yet is judged at the next turn.
    if (host === undefined || observations.length === 0) return [];
    const judged = judgedUpTo(hand, suspect, now);
    const { intervals } = observe({ observations, from: judged - SHARES_MS, ...common.window });
    const shares = intervals.map(({ to, increases }) => ({
      to,
      share: lossBy((name) => increases.get(name) ?? 0)?.share ?? null,
    }));
    const seen = { suspect, host, observations, shares, sysctls: sysctls.get(namespaceId) ?? {} };
    return observations
      .filter(({ snapshot }) => snapshot.at > judged && snapshot.at < deps.until)
      .map(({ snapshot: { at, everyMs } }) => ({
        seen,
        at,
        closesMinute: minuteOf(at + everyMs) > minuteOf(at),
      }));
  });
  const idOf = ({ seen }: Step) => seen.suspect.namespaceId;
  steps.sort((a, b) => a.at - b.at || idOf(a) - idOf(b));
  for (const step of steps) await judgeStep(deps, common, step);
}

/** The snapshots since these times. One that has long not been heard of costs the others nothing. */
async function readSince(
  { tx, reader, now }: JudgeDeps,
  from: ReadonlyMap<number, number>,
): Promise<Map<number, ObservedSnapshot[]>> {
  const observed = new Map<number, ObservedSnapshot[]>();
  for (const isOld of [false, true]) {
    const some = [...from].filter(([, since]) => now - since > OLD_MS === isOld);
    const span = { from: Math.min(...some.map(([, since]) => since)), to: now + AHEAD_MS };
    const ids = some.map(([namespaceId]) => namespaceId);
    for (const [id, own] of await readObservations(tx, reader, ids, span)) observed.set(id, own);
  }
  return observed;
}

/** From when on the snapshots of a suspect are looked at, ms since 1970: those that were not judged, and a while before. */
export function lookedAtFrom(hand: HandBook, suspect: Suspect, now: number): number {
  return judgedUpTo(hand, suspect, now) - SHARES_MS - WINDOW_MS;
}

async function judgeStep(deps: Judging, common: Common, { seen, at, closesMinute }: Step): Promise<void> {
  const { suspect, host } = seen;
  const { namespaceId } = suspect;
  const subject = namespaceSubject(namespaceId);
  const shares = seen.shares.filter(({ to }) => to <= at && to > at - SHARES_MS);
  const newest = shares.at(-1);
  // Of an interval without a rate nothing can be said: it neither begins an episode nor ends one.
  if (newest?.to !== at) return;
  const flags = suspect.flags.filter((flag) => flag.from < at && flag.to > at - WINDOW_MS);
  const problems = (common.problems.get(host.id) ?? []).filter(
    ({ flag }) => flag.to <= at && flag.to > at - WINDOW_MS,
  );
  const isSuspect = flags.length > 0 || suspect.minutes.has(minuteOf(at));
  if (!isSuspect && !hasEpisode(deps.hand, subject)) return;

  const role = roleOf(host.labels, deps.roleLabels);
  const { lossThreshold } = policyOf(deps.settings, role);
  const events = common.events.of(host);
  const dataProblem = problems.find((problem) => problem.namespaceId === namespaceId)?.flag ?? null;
  // Of a host whose numbers cannot be trusted nothing else is said, of its other namespaces neither.
  const isHidden = problems.length > 0 && dataProblem === null;
  const before = deps.hand.details.get(subject);
  const { closed = [], restarts: known = [] } = before ?? {};
  const window = withClosed(
    observe({
      observations: seen.observations.filter(({ snapshot }) => snapshot.at <= at),
      from: windowFrom(shares, at, lossThreshold),
      ...common.window,
    }),
    closed,
  );
  const surroundings = {
    isRoot: isRoot(namespaceId),
    kernel: host.kernel,
    sysctls: seen.sysctls,
    usual: suspect.usualAt(at),
    flags: [...flags, ...suspect.beside],
    dataProblem,
    silence: null,
    events,
  };
  const share = newest.share ?? 0;
  const isDiagnosed = dataProblem !== null || (!isHidden && (flags.length > 0 || share > lossThreshold));
  const first = isDiagnosed ? diagnose(window, surroundings, shares) : null;
  const isCause = first?.cause === "RESTART";
  // Handshakes that are lost are told of, whatever else explains what is unusual, until an episode of it is calm.
  const loss =
    isCause && share > CALM_STRENGTH * lossThreshold
      ? diagnoseLoss(window, surroundings, shares, first)
      : null;
  const usualResets = surroundings.usual.get(MEASURES.resets)?.perMinute ?? 0;
  const input = { window, usualResets, known, isCause, events, hostId: host.id, namespaceId, at };
  const restarts = isCause || known.length > 0 ? await recordRestarts(deps.writer, input) : [];
  const whose = { subject, host: String(host.id), role };
  const observations: Judgement["observations"][number][] =
    problems.length === 0
      ? []
      : episodesOf(deps.hand, subject)
          .filter(({ cause }) => cause !== "DATA_PROBLEM")
          .map(({ cause, port, severity }) => ({ ...whose, cause, port, severity, strength: null }));
  const details = new Map<string, Detail>();
  for (const found of [first, loss]) {
    if (found === null) continue;
    const observation = observationOf(found, whose, { share: newest.share, closesMinute }, lossThreshold);
    const isHeldBack = suppressedBy(observation.cause, at, events) !== null;
    observations.push(isHeldBack ? { ...observation, strength: null } : observation);
  }
  // What an incident is told by stays when a restart is all that there is to say.
  const told = loss ?? (isCause && hasTold(deps.hand, subject) ? null : first);
  const detail = told === null ? before : detailOf(told, namespaceId);
  if (detail !== undefined && (first !== null || restarts.length > 0)) {
    const { closed: wasClosed = [], restarts: _, ...rest } = detail;
    const remembered = first === null ? wasClosed : closedIn(window, first.cause);
    details.set(subject, {
      ...rest,
      ...(remembered.length === 0 ? {} : { closed: remembered }),
      ...(restarts.length === 0 ? {} : { restarts }),
    });
  }
  const judged = new Set([subject]);
  const { sizes } = common;
  await deps.writer.take({ source: subject, at, judges: "counters", observations, judged, sizes }, details);
}

/**
 * Where the window of a diagnosis begins: a minute ago, or with the first loss since then. A queue that is full since
 * ten seconds ago was empty for most of the minute, and is full all the same.
 */
function windowFrom(shares: readonly SharePoint[], at: number, lossThreshold: number): number {
  const from = at - WINDOW_MS;
  const first = shares.findIndex(({ to, share }) => to > from && (share ?? 0) > lossThreshold);
  return first === -1 ? from : Math.max(from, shares[first - 1]?.to ?? from);
}

/** Up to when a namespace was judged; one that was not before begins with the minute that makes it a suspect. */
function judgedUpTo(hand: HandBook, { namespaceId, minutes, flags }: Suspect, now: number): number {
  const first = Math.min(now, ...minutes, ...flags.map(({ from, to }) => Math.max(from, to - MINUTE_MS)));
  const subject = namespaceSubject(namespaceId);
  const judged = hand.book.watermarks.get(subject) ?? 0;
  return Math.max(hasEpisode(hand, subject) ? judged : Math.max(judged, first - 1), now - REACH_MS);
}

/** The namespaces among these of which an episode is on or may begin: they are judged until it is over. */
export function stillOn(hand: HandBook, namespaceIds: Iterable<number>): number[] {
  return [...namespaceIds].filter((id) => hasEpisode(hand, namespaceSubject(id))).sort((a, b) => a - b);
}
