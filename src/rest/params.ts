/** Parameters that several routes have, and what they stand for in GraphQL. */
import { z } from "zod";
import { parseDuration } from "../protocol/duration.ts";
import { parseMatcher } from "./matcher.ts";

export const none = z.strictObject({});
export const noBody = z.undefined();

const duration = () =>
  z.string().regex(/^[0-9.]+(ms|s|m|h|d|w)$/, "a span of time is written 500ms, 30s, 5m, 2h, 7d or 4w");
const time = () => z.string().meta({ format: "date-time", examples: ["2026-11-22T12:00:00Z"] });

/** `last`, or `from` with `to`. */
export const rangeParams = {
  last: duration()
    .optional()
    .meta({
      description: "The span of time that ends now. Either this, or `from`.",
      examples: ["1h"],
    }),
  from: time().optional().describe("Begin of the range, RFC 3339."),
  to: time().optional().describe("End of the range; now when left out."),
};

export const stepParam = {
  step: duration()
    .optional()
    .meta({
      description: "Whole minutes; by default what gives about 300 points, and at most 11,000.",
      examples: ["5m"],
    }),
};

export const matchParam = {
  match: z
    .array(z.string())
    .optional()
    .meta({
      description:
        'A matcher of labels as Prometheus writes it: role="web", role!="web", role=~"we.*", role!~"we.*". ' +
        "May be repeated; all must meet. Quotes may be left out.",
      examples: [['role="web"', 'region=~"eu-.*"']],
    }),
};

/** Which hosts are meant: all conditions must be met. */
export const filterParams = {
  host: z.array(z.string()).optional().describe("One of these names; may be repeated."),
  ...matchParam,
  status: z
    .array(z.enum(["REPORTING", "STALE", "SILENT", "LEFT"]))
    .optional()
    .describe("One of these; may be repeated."),
  kernel: z.string().optional().describe("The kernel release begins with this."),
  agentVersion: z.string().optional(),
  search: z.string().optional().describe("Part of the name, in any case."),
};

export const counterParam = {
  counter: z
    .string()
    .min(1)
    .meta({
      description: "By any name that `GET /v1/counters/{name}` understands.",
      examples: ["ListenOverflows"],
    }),
};

export const groupByParam = {
  groupBy: z
    .array(z.string())
    .optional()
    .describe("Names of labels of hosts or containers, 10 at most; may be repeated."),
};

/** A page of a list. */
export const pageParams = {
  first: z.int().min(0).max(500).default(50).describe("How many at most."),
  after: z.string().optional().describe("`next` of the page before."),
};

interface RangeGiven {
  readonly last?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The range as GraphQL takes it; by default the last hour. */
export function rangeOf({ last, from, to }: RangeGiven, byDefault = "1h"): Record<string, string> {
  if (last === undefined && from === undefined && to === undefined) return { last: byDefault };
  return given({ last, from, to });
}

/** A range as a condition of a filter; none where none is given. */
export function rangeCondition(range: RangeGiven): { readonly range?: Record<string, string> } {
  const { last, from, to } = range;
  return (last ?? from ?? to) === undefined ? {} : { range: rangeOf(range) };
}

/** When a range that GraphQL has taken begins and ends. @param now ms since 1970 */
export function boundsOf(range: RangeGiven, byDefault: string, now: number): { from: string; to: string } {
  const { last, from, to } = rangeOf(range, byDefault);
  const end = to === undefined ? now : Date.parse(to);
  const begin = from === undefined ? end - (parseDuration(last ?? byDefault) ?? 0) : Date.parse(from);
  return { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
}

interface FilterGiven {
  readonly host?: readonly string[] | undefined;
  readonly match?: readonly string[] | undefined;
  readonly status?: readonly string[] | undefined;
  readonly kernel?: string | undefined;
  readonly agentVersion?: string | undefined;
  readonly search?: string | undefined;
}

/** The filter as GraphQL takes it. @throws BAD_REQUEST for a matcher that is none */
export function filterOf({ host, match, ...same }: FilterGiven): Record<string, unknown> {
  const { status, kernel, agentVersion, search } = same;
  return given({ names: host, labels: match?.map(parseMatcher), status, kernel, agentVersion, search });
}

/** Without what was not given. */
function given<T>(fields: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, T] => field[1] !== undefined),
  );
}

/** `next` of a page of GraphQL; null on the last one. */
export function nextOf(page: { readonly hasNextPage: boolean; readonly endCursor: string | null }) {
  return page.hasNextPage ? page.endCursor : null;
}
