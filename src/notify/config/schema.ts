/** The form of receivers.yml. */
import { z } from "zod";
import { parseDuration } from "../../protocol/duration.ts";
import type { LabelMatcher } from "../../store/host-filter.ts";
import { isAllowedEntry } from "../address-guard.ts";
import type { PageLimit } from "../page-limit.ts";
import { ReceiverSettings } from "../receivers/settings.ts";
import { TIMEOUT_MS } from "../safe-http.ts";
import { parseMatcher } from "./matchers.ts";

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  context.addIssue(`"${text}" is not a span of time: write 30s, 5m or 4h`);
  return z.NEVER;
});

/** Of 0 a group would be told at each look at it. */
const interval = duration.refine((ms) => ms >= 1_000, "at least 1s");

const matcher = z.string().transform((text, context): LabelMatcher => {
  const parsed = parseMatcher(text);
  if (typeof parsed !== "string") return parsed;
  context.addIssue(parsed);
  return z.NEVER;
});

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "a name is letters, digits, dots, dashes and underscores");

/** What a node of the tree may say; the rest it has from the node above. */
const routeFields = {
  receiver: name.nullable().optional(),
  group_by: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "not the name of a label"))
    .max(10)
    .optional(),
  group_wait: duration.optional(),
  group_interval: interval.optional(),
  repeat_interval: interval.optional(),
  page_limit: z
    .strictObject({ pages: z.int().min(1).max(1_000), within: duration })
    .transform(({ pages, within }): PageLimit => ({ pages, withinMs: within }))
    .nullable()
    .optional(),
};

export interface RouteText {
  readonly receiver?: string | null | undefined;
  readonly group_by?: readonly string[] | undefined;
  readonly group_wait?: number | undefined;
  readonly group_interval?: number | undefined;
  readonly repeat_interval?: number | undefined;
  readonly page_limit?: PageLimit | null | undefined;
  readonly matchers?: readonly LabelMatcher[] | undefined;
  readonly continue?: boolean | undefined;
  readonly routes?: readonly RouteText[] | undefined;
}

const route: z.ZodType<RouteText> = z.strictObject({
  ...routeFields,
  matchers: z.array(matcher).min(1).max(20),
  continue: z.boolean().optional(),
  get routes() {
    return z.array(route).max(100).optional();
  },
});

const outward = {
  allow_private: z
    .array(z.string().refine(isAllowedEntry, "an address, a range such as 10.0.0.0/8, or the name of a host"))
    .max(100)
    .optional(),
  allow_http: z.boolean().optional(),
  /** Longer than the default no attempt may last: its far end keeps a place that others wait for. */
  timeout: duration
    .refine((ms) => ms >= 1_000 && ms <= TIMEOUT_MS, `from 1s to ${TIMEOUT_MS / 1000}s`)
    .optional(),
};

export interface ReceiverText {
  readonly name: string;
  readonly allowPrivate: readonly string[];
  readonly allowHttp: boolean | undefined;
  readonly timeoutMs: number | undefined;
  readonly settings: ReceiverSettings;
}

const receiver = z
  .looseObject({ name, ...outward })
  .transform(({ name, allow_private, allow_http, timeout, ...rest }, context): ReceiverText => {
    const settings = ReceiverSettings.safeParse(rest);
    if (settings.success) {
      return {
        name,
        allowPrivate: allow_private ?? [],
        allowHttp: allow_http,
        timeoutMs: timeout,
        settings: settings.data,
      };
    }
    for (const issue of settings.error.issues) context.addIssue({ ...issue, input: undefined } as never);
    return z.NEVER;
  });

export const receiversFile = z
  .strictObject({
    ...outward,
    route: z.strictObject({ ...routeFields, routes: z.array(route).max(100).optional() }),
    receivers: z.array(receiver).max(100),
  })
  .superRefine(({ route, receivers }, context) => {
    const names = new Set<string>();
    for (const [index, { name }] of receivers.entries()) {
      if (names.has(name)) {
        context.addIssue({ code: "custom", path: ["receivers", index, "name"], message: `a second ${name}` });
      }
      names.add(name);
    }
    checkRoute(route, ["route"], names, context);
  });

export type ReceiversText = z.infer<typeof receiversFile>;

function checkRoute(
  { receiver, routes = [] }: RouteText,
  path: readonly (string | number)[],
  names: ReadonlySet<string>,
  context: z.RefinementCtx,
): void {
  if (receiver != null && !names.has(receiver)) {
    const message = `there is no receiver "${receiver}" under receivers`;
    context.addIssue({ code: "custom", path: [...path, "receiver"], message });
  }
  for (const [index, child] of routes.entries())
    checkRoute(child, [...path, "routes", index], names, context);
}
