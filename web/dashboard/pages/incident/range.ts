/** The stretch of time that an incident's plots show, and how often. */
import type { Mark } from "../../plots/model.ts";
import { refreshMs } from "../../view/refresh.ts";

interface Times {
  readonly startedAt: string;
  readonly resolvedAt: string | null;
}

const MINUTE_MS = 60_000;
const BEFORE_MS = 20 * MINUTE_MS;
const AFTER_MS = 10 * MINUTE_MS;
/** A long one is shown from its beginning: what led to it says more than its thousandth hour. */
const LONGEST_MS = 24 * 60 * MINUTE_MS;

/** In whole minutes, so that a page that is asked anew asks for the same. @returns the API's form */
export function incidentRange({ startedAt, resolvedAt }: Times): {
  readonly from: string;
  readonly to?: string;
} {
  const start = Math.floor(Date.parse(startedAt) / MINUTE_MS) * MINUTE_MS;
  const from = new Date(start - BEFORE_MS).toISOString();
  if (resolvedAt === null) return { from };
  const end = Math.min(Date.parse(resolvedAt) + AFTER_MS, start + LONGEST_MS);
  return { from, to: new Date(Math.ceil(end / MINUTE_MS) * MINUTE_MS).toISOString() };
}

const EVERY_MS = 30_000;

/** How often its plots ask again, in ms: while it lasts, and until the end of its range has filled. */
export function incidentRefreshMs(incident: Times, now = Date.now()): number {
  const { from, to } = incidentRange(incident);
  if (to === undefined) return EVERY_MS;
  return refreshMs({ kind: "pinned", from: Date.parse(from), to: Date.parse(to) }, now);
}

interface Happened {
  readonly kind: string;
  readonly title: string;
  readonly at: string;
}

/** Its begin and end, and what happened around it. */
export function incidentMarks({
  startedAt,
  resolvedAt,
  events,
}: Times & { readonly events: readonly Happened[] }): Mark[] {
  return [
    { kind: "incident", at: Date.parse(startedAt), text: "The incident began" },
    ...(resolvedAt === null
      ? []
      : [{ kind: "incident" as const, at: Date.parse(resolvedAt), text: "The incident ended" }]),
    ...events.map(({ kind, title, at }) => ({
      kind: "event" as const,
      at: Date.parse(at),
      text: `${kind.toLowerCase()}: ${title}`,
    })),
  ];
}
