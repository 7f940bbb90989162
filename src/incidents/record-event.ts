import { SpillwayError } from "../errors.ts";
import { LABEL_NAME, LIMITS } from "../protocol/limits.ts";
import { recordAudit } from "../store/audit.ts";
import { inTransaction, type PrismaClient } from "../store/client.ts";
import { type EventRecord, insertEvent, type NewEvent } from "../store/events.ts";
import { type LabelMatcher, labelPredicate } from "../store/host-filter.ts";
import { isStorable } from "../store/storable.ts";
import type { Actor } from "../store/tokens.ts";

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

interface Deps {
  readonly db: PrismaClient;
  readonly actor: Actor;
  /** ms since 1970 */
  readonly now: number;
}

const TITLE_LENGTH = 300;
const URL_LENGTH = 2_000;
const MATCHERS_MAX = 20;
const YEAR_MS = 366 * 86_400_000;

/**
 * Records a deploy, a maintenance window, a note or whatever else, and writes it into the audit log.
 *
 * @throws BAD_REQUEST that names what is at fault
 */
export async function recordEvent({ db, actor, now }: Deps, input: EventInput): Promise<EventRecord> {
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
  const title = input.title.trim();
  if (title === "" || title.length > TITLE_LENGTH || !isStorable(title)) {
    throw fault(`title: write 1 to ${TITLE_LENGTH} characters, without NUL`);
  }
  const at = input.at ?? now;
  const until = input.until ?? null;
  if (Math.abs(at - now) > YEAR_MS || (until !== null && until - now > YEAR_MS)) {
    throw fault("at, until: an event is recorded for times within a year from now");
  }
  if (until !== null && until < at) throw fault("until: an event cannot end before it begins");
  return {
    kind,
    title,
    at,
    until,
    matchers: checkedMatchers(input.matchers ?? []),
    url: checkedUrl(input.url),
  };
}

function checkedMatchers(matchers: readonly LabelMatcher[]): readonly LabelMatcher[] {
  if (matchers.length > MATCHERS_MAX) throw fault(`matchers: at most ${MATCHERS_MAX} are taken`);
  for (const { name, value } of matchers) {
    if (!LABEL_NAME.test(name)) throw fault(`matchers: ${quoted(name)} is not a label name`);
    if (value.length > LIMITS.labelValueLength || !isStorable(value)) {
      throw fault(
        `matchers: the value of ${name} is over ${LIMITS.labelValueLength} characters, or has a NUL`,
      );
    }
  }
  // A pattern that is none is refused here, and not when somebody looks.
  labelPredicate(matchers);
  return matchers;
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
