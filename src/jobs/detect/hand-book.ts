import type { Diagnosis as FoundDiagnosis } from "../../detect/diagnosis/diagnose.ts";
import type { ObservedListener } from "../../detect/diagnosis/window.ts";
import { type Book, emptyBook } from "../../detect/episodes/book.ts";
import type { Episode } from "../../detect/episodes/episode.ts";
import { isTold } from "../../detect/episodes/policy.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { Db } from "../../store/client.ts";
import { lockBook, type StoredBook } from "../../store/detect/book.ts";
import { openKeys } from "../../store/incidents/incident-pages.ts";
import type { Diagnosis, LossShare } from "../../store/incidents/records.ts";
import type { KnownRestart } from "./restarts.ts";
import { AHEAD_MS } from "./shard-reader.ts";

/** The form of what is stored. */
const VERSION = 2;
/** Forms that are read as this one is: what they lack is empty. */
const READ_VERSIONS: ReadonlySet<number> = new Set([1, VERSION]);
/** The newest judgement of a source is remembered so long: nothing older is judged. */
const REMEMBER_MS = 2 * 3_600_000;
/** What lasts is found again within this. */
const ORPHANS_MS = 10 * 60_000;

/** What is told of a subject while an episode of it lasts: its newest diagnosis. */
export interface Detail {
  readonly diagnosis: Diagnosis;
  readonly loss: LossShare | null;
  /** Handshakes lost or delayed over the minute that it was made from, about; absent where it is not known. */
  readonly lost?: number;
  /** How loudly the burn of the objective asks to be told of it; absent where it is not about that. */
  readonly burn?: "PAGE" | "TICKET";
  /** Listeners that were closed, where that goes on: they are older than what is observed next. Absent for none. */
  readonly closed?: readonly ObservedListener[];
  /** Restarts, for as long as their listeners are remembered. Absent for none. */
  readonly restarts?: readonly KnownRestart[];
}

/** The book with what its incidents are told by. */
export interface HandBook {
  book: Book;
  /** By subject. */
  readonly details: Map<string, Detail>;
  /** What each incident was judged by last, by key: it grows, also where several sources have a say. */
  readonly judgedAt: Map<string, number>;
  /** Incidents that are explained by others, by key: the key of the one that explains it. */
  inhibited: ReadonlyMap<string, string>;
  /**
   * What was open when the book was begun anew, for want of one that can be read: keys of incidents, and until when
   * judgements may find them again. What they do not is over. Null where there is none.
   */
  orphans: { readonly keys: readonly string[]; readonly until: number } | null;
}

/** Whether what is stored is of a form that is not known here: of a later release. */
export function isForeign(stored: StoredBook | null): boolean {
  return stored !== null && !READ_VERSIONS.has(stored.version);
}

/**
 * The book, the caller's alone until its transaction ends. One that cannot be read is begun anew, with all incidents
 * that are open: judgements go on with those that they find again, and the others are resolved in a while.
 *
 * @param now ms since 1970
 */
export async function lockHandBook(tx: Db, now: number): Promise<HandBook> {
  const stored = await lockBook(tx);
  const hand = readHandBook(stored);
  hand.book = setBack(hand.book, now);
  if (isForeign(stored)) hand.orphans = { keys: await openKeys(tx), until: now + ORPHANS_MS };
  return hand;
}

/**
 * A book that was kept by a clock that was ahead, once that was set back: what it has judged for times that have yet to
 * come must not keep it from judging now.
 */
function setBack(book: Book, now: number): Book {
  const isAhead = (at: number) => at > now + AHEAD_MS;
  if (!isAhead(newestOf(book))) return book;
  const before = now - MINUTE_MS;
  const watermarks = [...book.watermarks].map(([source, at]) => [source, isAhead(at) ? before : at] as const);
  const episodes = [...book.episodes].map(([name, episode]): [string, Episode] => {
    const { watermark, calmSince } = episode;
    if (!isAhead(watermark)) return [name, episode];
    const calm = calmSince !== null && calmSince > now ? null : calmSince;
    return [name, { ...episode, watermark: before, calmSince: calm }];
  });
  return { ...book, watermarks: new Map(watermarks), episodes: new Map(episodes) };
}

/** When the newest judgement was of. There are too many sources to be the arguments of one call. */
function newestOf({ watermarks }: Book): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const at of watermarks.values()) newest = Math.max(newest, at);
  return newest;
}

export function readHandBook(stored: StoredBook | null): HandBook {
  if (stored === null || isForeign(stored)) {
    const nothing = { details: new Map(), judgedAt: new Map(), inhibited: new Map(), orphans: null };
    return { book: emptyBook(), ...nothing };
  }
  const {
    watermarks,
    episodes,
    incidents,
    details,
    judgedAt,
    inhibited = [],
    orphans = null,
  } = stored.data as Entries;
  return {
    book: { watermarks: new Map(watermarks), episodes: new Map(episodes), incidents: new Map(incidents) },
    details: new Map(details),
    judgedAt: new Map(judgedAt),
    inhibited: new Map(inhibited),
    orphans,
  };
}

/** As it is stored, without what nothing in it is about any more. */
export function storedHandBook({ book, details, judgedAt, inhibited, orphans }: HandBook): StoredBook {
  const newest = newestOf(book);
  const subjects = new Set([...book.episodes.values()].map(({ subject }) => subject));
  return {
    version: VERSION,
    data: entriesOf({
      book: {
        ...book,
        watermarks: new Map([...book.watermarks].filter(([, at]) => newest - at <= REMEMBER_MS)),
      },
      details: new Map([...details].filter(([subject]) => subjects.has(subject))),
      judgedAt: new Map([...judgedAt].filter(([key]) => book.incidents.has(key))),
      inhibited,
      orphans,
    }),
  };
}

/** The first form had neither of the last two. */
type Entries = Omit<ReturnType<typeof entriesOf>, "inhibited" | "orphans"> &
  Partial<Pick<ReturnType<typeof entriesOf>, "inhibited" | "orphans">>;

function entriesOf({ book, details, judgedAt, inhibited, orphans }: HandBook) {
  return {
    watermarks: [...book.watermarks],
    episodes: [...book.episodes],
    incidents: [...book.incidents],
    details: [...details],
    judgedAt: [...judgedAt],
    inhibited: [...inhibited],
    orphans,
  };
}

/** Whether one of a subject is on or may begin. */
export function hasEpisode(hand: HandBook, subject: string): boolean {
  return episodesOf(hand, subject).length > 0;
}

/** Whether an episode of a subject is on that an incident is made of. */
export function hasTold(hand: HandBook, subject: string): boolean {
  return episodesOf(hand, subject).some(({ phase, cause }) => phase !== "pending" && isTold(cause));
}

/** Those of a subject that are on or may begin. */
export function episodesOf({ book }: HandBook, subject: string): Episode[] {
  return [...book.episodes.values()].filter(
    (episode) => episode.subject === subject && episode.phase !== "closed",
  );
}

/** A diagnosis as it is kept: the sockets of its evidence are named together with their namespace. */
export function detailOf(found: FoundDiagnosis, namespaceId: number): Detail {
  const { cause, contributing, severity, confidence, summary, evidence, remedies, loss, lost } = found;
  return {
    loss,
    lost,
    diagnosis: {
      cause,
      contributing,
      severity,
      confidence,
      summary,
      remedies,
      evidence: evidence.map(({ listener, ...said }) => ({
        ...said,
        listener: listener === null ? null : { namespaceId, ...listener },
      })),
    },
  };
}

/** The name of a namespace among the subjects of episodes. */
export function namespaceSubject(namespaceId: number): string {
  return `namespace ${namespaceId}`;
}

/** The name of the objective of a namespace there, and of that of a role. */
export function burnSubject(namespaceId: number): string {
  return `objective of namespace ${namespaceId}`;
}

export function roleBurnSubject(role: string): string {
  return `objective of role ${role}`;
}

/** The name of a host there, which is the subject where it is silent. */
export function hostSubject(hostId: number): string {
  return `host ${hostId}`;
}
