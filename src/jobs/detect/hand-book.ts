import type { Diagnosis as FoundDiagnosis } from "../../detect/diagnosis/diagnose.ts";
import { type Book, emptyBook } from "../../detect/episodes/book.ts";
import type { StoredBook } from "../../store/detect/book.ts";
import type { Diagnosis, LossShare } from "../../store/incidents/records.ts";

/** The form of what is stored. Another one is begun anew: the next judgements fill it again. */
const VERSION = 2;
/** The newest judgement of a source is remembered so long: nothing older is judged. */
const REMEMBER_MS = 2 * 3_600_000;

/** What is told of a subject while an episode of it lasts: its newest diagnosis. */
export interface Detail {
  readonly diagnosis: Diagnosis;
  readonly loss: LossShare | null;
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
}

export function readHandBook(stored: StoredBook | null): HandBook {
  if (stored?.version !== VERSION) {
    return { book: emptyBook(), details: new Map(), judgedAt: new Map(), inhibited: new Map() };
  }
  const { watermarks, episodes, incidents, details, judgedAt, inhibited } = stored.data as ReturnType<
    typeof entriesOf
  >;
  return {
    book: { watermarks: new Map(watermarks), episodes: new Map(episodes), incidents: new Map(incidents) },
    details: new Map(details),
    judgedAt: new Map(judgedAt),
    inhibited: new Map(inhibited),
  };
}

/** As it is stored, without what nothing in it is about any more. */
export function storedHandBook({ book, details, judgedAt, inhibited }: HandBook): StoredBook {
  const newest = Math.max(...book.watermarks.values());
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
    }),
  };
}

function entriesOf({ book, details, judgedAt, inhibited }: HandBook) {
  return {
    watermarks: [...book.watermarks],
    episodes: [...book.episodes],
    incidents: [...book.incidents],
    details: [...details],
    judgedAt: [...judgedAt],
    inhibited: [...inhibited],
  };
}

/** A diagnosis as it is kept: the sockets of its evidence are named together with their namespace. */
export function detailOf(found: FoundDiagnosis, namespaceId: number): Detail {
  const { cause, contributing, severity, confidence, summary, evidence, remedies, loss } = found;
  return {
    loss,
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

/** The name of a host there, which is the subject where it is silent. */
export function hostSubject(hostId: number): string {
  return `host ${hostId}`;
}
