import { SpillwayError } from "../errors.ts";
import { recordAudit } from "../store/audit.ts";
import { inTransaction } from "../store/client.ts";
import { type EventRecord, insertEvent, type NewEvent } from "../store/events.ts";
import type { LabelMatcher } from "../store/host-filter.ts";
import { isStorable } from "../store/storable.ts";
import { checkMatchers } from "./matchers.ts";
import { matchesLabels } from "./silence-matching.ts";
import { requireText } from "./text.ts";
import type { VerbContext } from "./verb.ts";

/** What a caller says of an event; times in ms since 1970. */
export interface EventInput {
  readonly kind: string;
  readonly title: string;
  /** Now, when left out. */
  readonly at?: number | null | undefined;
  readonly until?: number | null | undefined;
  readonly matchers?: readonly LabelMatcher[] | null | undefined;
  readonly url?: string | null | undefined;
}

const TITLE_LENGTH = 300;
const URL_LENGTH = 2_000;
const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;

/**
 * Records a deploy, a maintenance window, a note or whatever else, and writes it into the audit log.
 *
 * @throws BAD_REQUEST that names what is at fault
 */
export async function recordEvent({ db, actor, now }: VerbContext, input: EventInput): Promise<EventRecord> {
  const event = { ...checked(input, now), createdBy: actor.name };
  return inTransaction(db, async (tx) => {
    const recorded = await insertEvent(tx, event);
    const { id, title, kind, at, until, url } = recorded;
    const matchers = event.matchers.map(({ name, op, value }) => ({ name, op, value }));
    const details = { id, kind, at, until, matchers, url };
    await recordAudit(tx, actor, { action: "event.record", target: title, details }, now);
    return recorded;
  });
}

function checked(input: EventInput, now: number): Omit<NewEvent, "createdBy"> {
  const kind = input.kind.trim().toUpperCase();
  if (!/^[A-Z][A-Z0-9_]{0,39}$/.test(kind)) {
    throw fault(
      `kind: ${quoted(input.kind)} is not a word: write DEPLOY, MAINTENANCE, NOTE or one of your own`,
    );
  }
  const title = requireText("title", input.title, TITLE_LENGTH);
  const at = input.at ?? now;
  const until = input.until ?? null;
  if (Math.abs(at - now) > YEAR_MS || (until !== null && until - now > YEAR_MS)) {
    throw fault("at, until: an event is recorded for times within a year from now");
  }
  if (until !== null && until < at) throw fault("until: an event cannot end before it begins");
  const matchers = input.matchers ?? [];
  checkMatchers("an event", matchers);
  if (kind === "MAINTENANCE") checkMaintenance(at, until, matchers);
  return { kind, title, at, until, matchers, url: checkedUrl(input.url) };
}

/**
 * Maintenance keeps incidents from being opened: a window that was forgotten, or that is of everybody, must not keep
 * a fleet's from being seen.
 *
 * @throws BAD_REQUEST
 */
function checkMaintenance(at: number, until: number | null, matchers: readonly LabelMatcher[]): void {
  if (until === null) {
    throw fault("until: maintenance has an end: until then no incident of these hosts is opened");
  }
  if (until - at > DAY_MS && matchesLabels({ matchers }, {})) {
    throw fault(
      "matchers: they match a host without labels, so the whole fleet, and that is under maintenance for a day at most: say of which hosts, as role EQ db",
    );
  }
}

function checkedUrl(url: string | null | undefined): string | null {
  if (url == null || url === "") return null;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const web = parsed?.protocol === "https:" || parsed?.protocol === "http:";
  if (web && url.length <= URL_LENGTH && isStorable(url)) return url;
  throw fault(`url: ${quoted(url)} is not an address of the web, of at most ${URL_LENGTH} characters`);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

function fault(message: string): SpillwayError {
  return new SpillwayError("BAD_REQUEST", message);
}
