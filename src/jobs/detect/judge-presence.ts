import { judgeSilence, type Silence } from "../../detect/detectors/silence.ts";
import { diagnose } from "../../detect/diagnosis/diagnose.ts";
import type { Judgement } from "../../detect/episodes/book.ts";
import { suppressedBy } from "../../detect/episodes/suppression.ts";
import type { DetectionSettings } from "../../detect/settings.ts";
import { inTransaction, type PrismaClient } from "../../store/client.ts";
import { readBook, writeBook } from "../../store/detect/book.ts";
import { readPresence } from "../../store/detect/facts.ts";
import { readStill } from "../../store/detect/state.ts";
import type { Fleet, FleetView } from "../../store/fleet-view.ts";
import { type Forgetting, isEphemeral } from "../../store/forget-hosts.ts";
import { type EventsAround, eventsAround } from "./around.ts";
import { goneSubjects } from "./gone.ts";
import {
  type Detail,
  detailOf,
  hostSubject,
  isForeign,
  lockHandBook,
  readHandBook,
  storedHandBook,
} from "./hand-book.ts";
import { IncidentWriter, NOTHING_WRITTEN, type Written } from "./incident-writer.ts";
import { roleOf, roleSizes } from "./roles.ts";
import { type Still, stillSince } from "./still-hosts.ts";

/** Late is not silent: an episode that is on goes on, and none begins. */
const LATE_STRENGTH = 0.75;
const SOURCE = "presence";

export interface PresenceDeps {
  readonly db: PrismaClient;
  readonly fleet: Pick<FleetView, "read">;
  readonly roleLabels: readonly string[];
  readonly settings: () => DetectionSettings;
  /** Which hosts come and go by design: their silence is no news. */
  readonly forgetting: Pick<Forgetting, "ephemeral">;
}

/**
 * Judges who is silent. Without a host that is late, and without an incident of one, nothing is written.
 *
 * Safe to run twice and at once: the book is locked, and a judgement that is not after the newest changes nothing.
 *
 * @param now ms since 1970
 */
export async function judgePresence(deps: PresenceDeps, now: number): Promise<Written> {
  const { db, roleLabels } = deps;
  const fleet = await deps.fleet.read();
  const still = (await readStill(db)) as ReadonlyMap<number, Still>;
  const hosts = (await readPresence(db)).flatMap((presence) => {
    const host = fleet.hostById.get(presence.hostId);
    // Those that were forgotten are of no fleet.
    if (host === undefined) return [];
    return [
      {
        ...presence,
        host,
        ephemeral: isEphemeral(host.labels, deps.forgetting.ephemeral),
        stillSince: stillSince(still.get(host.id), now),
      },
    ];
  });
  const silences = judgeSilence(hosts, now);
  const stored = await readBook(db);
  const look = readHandBook(stored);
  const isQuiet = silences.length === 0 && look.book.episodes.size === 0;
  if (isQuiet && look.orphans === null && !isForeign(stored)) return NOTHING_WRITTEN;
  return inTransaction(db, async (tx) => {
    const hand = await lockHandBook(tx, now);
    const before = hand.book;
    const gone = await goneSubjects(tx, hand.book.episodes.values(), fleet, now);
    const events = await eventsAround(tx, { from: now, to: now + 1 });
    const judged = new Set(hosts.map(({ hostId }) => hostSubject(hostId)));
    const judgement = presenceJudgement(silences, { fleet, roleLabels, events, judged, gone, now });
    const writer = new IncidentWriter({
      tx,
      hand,
      fleet,
      anomalies: new Map(),
      roleLabels,
      settings: deps.settings(),
      now,
    });
    await writer.take(judgement, detailsOf(silences));
    const written = await writer.finish();
    if (hand.book !== before) await writeBook(tx, storedHandBook(hand));
    return written;
  });
}

/** What silent hosts are judged among. */
interface PresenceAround {
  readonly fleet: Pick<Fleet, "hosts" | "hostById">;
  readonly roleLabels: readonly string[];
  readonly events: EventsAround;
  /** Subjects that were looked at, and those that are gone for good. */
  readonly judged: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
  readonly now: number;
}

/** What silent hosts are to the incident machine. */
export function presenceJudgement(silences: readonly Silence[], around: PresenceAround): Judgement {
  const { fleet, roleLabels, events, judged, gone, now } = around;
  return {
    source: SOURCE,
    at: now,
    judges: "presence",
    observations: silences.flatMap(({ hostId, state }) => {
      const host = fleet.hostById.get(hostId);
      if (host === undefined) return [];
      const strength = state === "late" ? LATE_STRENGTH : 1;
      return {
        subject: hostSubject(hostId),
        host: String(hostId),
        role: roleOf(host.labels, roleLabels),
        cause: "HOST_SILENT",
        port: null,
        strength: suppressedBy("HOST_SILENT", now, events.of(host)) === null ? strength : null,
        severity: "MAJOR",
      };
    }),
    judged,
    gone,
    sizes: roleSizes(fleet, roleLabels),
  };
}

/** What is told of each silent host. */
export function detailsOf(silences: readonly Silence[]): Map<string, Detail> {
  const window = { intervals: [], listeners: [], listenersSeen: false };
  const around = { kernel: null, sysctls: {}, usual: new Map(), flags: [], dataProblem: null, events: [] };
  const details = new Map<string, Detail>();
  for (const { hostId, state, flag } of silences) {
    if (state === "late") continue;
    const found = diagnose(window, { ...around, silence: flag }, []);
    if (found !== null) details.set(hostSubject(hostId), detailOf(found, 0));
  }
  return details;
}
