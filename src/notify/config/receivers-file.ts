import { createHash } from "node:crypto";
import { parseYaml } from "../../yaml-file.ts";
import type { Allowed } from "../address-guard.ts";
import type { PageLimit } from "../page-limit.ts";
import type { ReceiverSettings } from "../receivers/settings.ts";
import type { Route, Timing } from "../route.ts";
import { TIMEOUT_MS } from "../safe-http.ts";
import { formatMatcher } from "./matchers.ts";
import { type ReferenceSources, resolveReferences } from "./references.ts";
import { type ReceiversText, type RouteText, receiversFile } from "./schema.ts";

export interface ConfiguredReceiver {
  readonly name: string;
  /** With its secrets. */
  readonly settings: ReceiverSettings;
  /** What it may reach besides the public Internet. */
  readonly allowed: Allowed;
  /** All of an attempt, ms. */
  readonly timeoutMs: number;
  /** Changes when its settings do; made of them as they stand in the file, with the references and not the secrets. */
  readonly fingerprint: string;
}

/** receivers.yml, read. */
export interface ReceiversConfig {
  readonly route: Route;
  readonly receivers: readonly ConfiguredReceiver[];
}

const TIMING: Timing = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 4 * 3_600_000 };
const GROUP_BY = ["role", "cause"];
/** Who is woken for a role is not woken for it again so soon, but for what else there is in one. */
const PAGE_LIMIT: PageLimit = { pages: 1, withinMs: 15 * 60_000 };

/**
 * Where notifications go, as a text says it.
 *
 * @param path of the file, for the faults
 * @throws CONFIGURATION with each fault as `path:line:column: what is wrong`
 */
export function parseReceivers(text: string, path: string, sources: ReferenceSources): ReceiversConfig {
  let written: unknown;
  const file = parseYaml({
    text,
    path,
    called: "the receivers file",
    schema: receiversFile,
    prepare: (value) => {
      written = value;
      return resolveReferences(value, sources);
    },
  });
  return {
    route: routeOf(file.route, null),
    receivers: file.receivers.map(({ name, allowPrivate, allowHttp, timeoutMs, settings }) => ({
      name,
      settings,
      allowed: {
        private: [...(file.allow_private ?? []), ...allowPrivate],
        http: allowHttp ?? file.allow_http ?? false,
      },
      timeoutMs: timeoutMs ?? file.timeout ?? TIMEOUT_MS,
      fingerprint: fingerprintOf(written, name),
    })),
  };
}

function routeOf(text: RouteText, above: Route | null): Route {
  const matchers = text.matchers ?? [];
  const said = `{${matchers.map(formatMatcher).join(",")}}`;
  const own: Route = {
    id: above === null ? said : `${above.id}/${said}`,
    receiver: text.receiver === undefined ? (above?.receiver ?? null) : text.receiver,
    matchers,
    groupBy: text.group_by ?? above?.groupBy ?? GROUP_BY,
    timing: {
      groupWaitMs: text.group_wait ?? above?.timing.groupWaitMs ?? TIMING.groupWaitMs,
      groupIntervalMs: text.group_interval ?? above?.timing.groupIntervalMs ?? TIMING.groupIntervalMs,
      repeatIntervalMs: text.repeat_interval ?? above?.timing.repeatIntervalMs ?? TIMING.repeatIntervalMs,
    },
    pageLimit:
      text.page_limit === undefined ? (above === null ? PAGE_LIMIT : above.pageLimit) : text.page_limit,
    continues: text.continue ?? false,
    routes: [],
  };
  return { ...own, routes: (text.routes ?? []).map((child) => routeOf(child, own)) };
}

function fingerprintOf(written: unknown, name: string): string {
  const { receivers } = written as { readonly receivers: ReceiversText["receivers"] };
  const own = receivers.find((receiver) => receiver.name === name);
  return createHash("sha256").update(JSON.stringify(own)).digest("hex").slice(0, 16);
}
