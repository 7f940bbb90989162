import { SpillwayError } from "../errors.ts";
import { recordAudit } from "../store/audit.ts";
import { inTransaction } from "../store/client.ts";
import type { LabelMatcher } from "../store/host-filter.ts";
import { putBackOpen } from "../store/incidents/outbox.ts";
import {
  insertSilence,
  markExpired,
  openSilences,
  type RecurringWindow,
  type SilenceRecord,
  silencesById,
} from "../store/incidents/silences.ts";
import { isZone } from "./local-time.ts";
import { checkMatchers } from "./matchers.ts";
import { endOf, matchesLabels } from "./silence-matching.ts";
import { requireText } from "./text.ts";
import type { VerbContext } from "./verb.ts";

export interface SilenceAsked {
  readonly matchers: readonly LabelMatcher[];
  /** ms since 1970; null for now. */
  readonly from: number | null;
  /** Null for a recurring one without an end. */
  readonly until: number | null;
  readonly window: RecurringWindow | null;
  /** The matchers say which hosts are under maintenance, so that no incident of them is opened. */
  readonly maintenance: boolean;
  readonly comment: string;
}

/** All of them are tried on every incident. */
const SILENCES_MAX = 1_000;
const LATEST = Date.UTC(9999, 0);

/**
 * Makes a silence: no notifications for incidents that all matchers meet, from when it is made or begins. With a
 * window it holds only within that, again and again. One of maintenance keeps incidents from being opened, too.
 *
 * @throws BAD_REQUEST for what is no silence, LIMIT_EXCEEDED when there are too many that have not ended
 */
export async function createSilence(
  { db, actor, now }: VerbContext,
  asked: SilenceAsked,
): Promise<SilenceRecord> {
  const comment = requireText("comment", asked.comment);
  checkSilencing(asked.matchers);
  const { matchers, until, window, maintenance } = asked;
  if (maintenance) checkOfHosts(matchers);
  const from = asked.from ?? now;
  checkTimes(from, until, window, now);
  return inTransaction(db, async (tx) => {
    if ((await openSilences(tx, now)).length >= SILENCES_MAX) {
      throw new SpillwayError(
        "LIMIT_EXCEEDED",
        `there are ${SILENCES_MAX} silences that have not ended: expire some of them`,
      );
    }
    const made = {
      matchers,
      from,
      until,
      window,
      maintenance,
      comment,
      createdBy: actor.name,
      createdAt: now,
    };
    const silence = await insertSilence(tx, made);
    const details = {
      silence: silence.id,
      matchers: matchers.map(({ name, op, value }) => ({ name, op, value })),
      until: until === null ? null : new Date(until).toISOString(),
      recurring: window !== null,
      maintenance,
    };
    await recordAudit(tx, actor, { action: "silence.create", target: comment, details }, now);
    return silence;
  });
}

/**
 * Ends a silence ahead of its time.
 *
 * @throws NOT_FOUND without such a silence, CONFLICT when it has ended
 */
export async function expireSilence({ db, actor, now }: VerbContext, id: number): Promise<SilenceRecord> {
  return inTransaction(db, async (tx) => {
    const [known] = await silencesById(tx, [id]);
    if (known === undefined) throw new SpillwayError("NOT_FOUND", `there is no silence ${id}`);
    const end = endOf(known);
    // Somebody else may have ended it since it was read.
    const expired = end !== null && end <= now ? null : await markExpired(tx, id, now);
    if (expired === null) throw new SpillwayError("CONFLICT", `silence ${id} has ended already`);
    const audited = { action: "silence.expire", target: known.comment, details: { silence: id } };
    await recordAudit(tx, actor, audited, now);
    // What it held back is looked at now, and not a `group_interval` later.
    await putBackOpen(tx, now);
    return expired;
  });
}

/** @throws BAD_REQUEST */
function checkSilencing(matchers: readonly LabelMatcher[]): void {
  checkMatchers("a silence", matchers);
  // Keeps a forgotten value from silencing the fleet, as Alertmanager does.
  if (matchesLabels({ matchers }, {})) {
    throw new SpillwayError(
      "BAD_REQUEST",
      "the matchers match an incident without labels, so all there are: give one that does not, as severity RE .+ where that is meant",
    );
  }
}

/** @throws BAD_REQUEST */
function checkOfHosts(matchers: readonly LabelMatcher[]): void {
  const ofIncident = matchers.find(({ name }) => name === "cause" || name === "severity");
  if (ofIncident === undefined) return;
  throw new SpillwayError(
    "BAD_REQUEST",
    `maintenance is of hosts, whatever happens to them, and ${ofIncident.name} is of an incident: match labels alone, or make it a plain silence`,
  );
}

/** @throws BAD_REQUEST */
function checkTimes(from: number, until: number | null, window: RecurringWindow | null, now: number): void {
  if (until === null && window === null) {
    throw new SpillwayError(
      "BAD_REQUEST",
      "a silence has an end: give `until`, or a window in which it recurs",
    );
  }
  if (until !== null && until <= Math.max(from, now)) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `the silence would end at ${new Date(until).toISOString()}, ${until <= from ? "before it begins" : "which is over"}`,
    );
  }
  if (Math.max(from, until ?? 0) > LATEST) {
    throw new SpillwayError("BAD_REQUEST", "a silence is of times before the year 9999");
  }
  if (window === null) return;
  if (window.days.length === 0) {
    throw new SpillwayError("BAD_REQUEST", "the window has no days: leave them out for every day");
  }
  if (!isZone(window.zone)) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `"${window.zone.slice(0, 60)}" is not a time zone: write its IANA name, as Europe/Berlin`,
    );
  }
}
