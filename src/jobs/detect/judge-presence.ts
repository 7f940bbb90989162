import { judgeSilence, type Silence } from "../../detect/detectors/silence.ts";
import { diagnose } from "../../detect/diagnosis/diagnose.ts";
import type { Judgement } from "../../detect/episodes/book.ts";
import { inTransaction, type PrismaClient } from "../../store/client.ts";
import { lockBook, writeBook } from "../../store/detect/book.ts";
import { readPresence } from "../../store/detect/facts.ts";
import type { FleetView } from "../../store/fleet-view.ts";
import { type Detail, detailOf, hostSubject, readHandBook, storedHandBook } from "./hand-book.ts";
import { IncidentWriter, type Written } from "./incident-writer.ts";
import { roleOf, roleSizes } from "./roles.ts";

/** The label by which a host says that it comes and goes by design: with `true`, its silence is no news. */
const EPHEMERAL_LABEL = "ephemeral";
/** Late is not silent: an episode that is on goes on, and none begins. */
const LATE_STRENGTH = 0.75;
const SOURCE = "presence";

export interface PresenceDeps {
  readonly db: PrismaClient;
  readonly fleet: Pick<FleetView, "read">;
  readonly roleLabels: readonly string[];
}

const NOTHING: Written = { opened: 0, resolved: 0 };

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
  const hosts = (await readPresence(db)).map((host) => ({
    ...host,
    ephemeral: fleet.hostById.get(host.hostId)?.labels[EPHEMERAL_LABEL] === "true",
  }));
  const { hosts: silences } = judgeSilence(hosts, now);
  return inTransaction(db, async (tx) => {
    const hand = readHandBook(await lockBook(tx));
    const known = [...hand.book.episodes.values()].filter(({ cause }) => cause === "HOST_SILENT");
    if (silences.length + known.length === 0) return NOTHING;
    const before = hand.book;
    const left = hosts.filter(({ goodbye }) => goodbye?.kind === "leaving");
    const present = new Set(hosts.map(({ hostId }) => hostSubject(hostId)));
    const forgotten = known.map(({ subject }) => subject).filter((subject) => !present.has(subject));
    const judgement: Judgement = {
      source: SOURCE,
      at: now,
      judges: "presence",
      observations: silences.map(({ hostId, state }) => ({
        subject: hostSubject(hostId),
        host: String(hostId),
        role: roleOf(fleet.hostById.get(hostId)?.labels ?? {}, roleLabels),
        cause: "HOST_SILENT",
        port: null,
        strength: state === "late" ? LATE_STRENGTH : 1,
        severity: "MAJOR",
      })),
      judged: present,
      gone: new Set([...left.map(({ hostId }) => hostSubject(hostId)), ...forgotten]),
      sizes: roleSizes(fleet, roleLabels),
    };
    const writer = new IncidentWriter({ tx, hand, fleet, anomalies: new Map(), now });
    await writer.take(judgement, detailsOf(silences));
    await writer.finish();
    if (hand.book !== before) await writeBook(tx, storedHandBook(hand));
    return writer.written;
  });
}

/** What is told of each silent host. */
function detailsOf(silences: readonly Silence[]): Map<string, Detail> {
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
