import { commonSilence } from "../../detect/diagnosis/common-silence.ts";
import type { Incident } from "../../detect/episodes/book.ts";
import { hostsOf } from "../../detect/episodes/episode.ts";
import { ALL_HOSTS } from "../../detect/episodes/grouping.ts";
import { isBurntBy } from "../../detect/episodes/inhibition.ts";
import { familyOf } from "../../detect/episodes/policy.ts";
import { type Urgency, type UrgencyInput, urgencyOf } from "../../detect/episodes/urgency.ts";
import { type DetectionSettings, policyOf } from "../../detect/settings.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import type { Detail, HandBook } from "./hand-book.ts";
import { roleOf } from "./roles.ts";

export interface TellingDeps {
  readonly hand: Pick<HandBook, "book" | "details">;
  readonly fleet: Pick<Fleet, "hostById">;
  readonly roleLabels: readonly string[];
  readonly settings: DetectionSettings;
}

/** What is told of an incident as it is now, and how loudly. */
export interface Telling {
  /**
   * Of several members the one that loses most, of those whose own cause is the incident's while there are such: what to do
   * about another cause of its family may be the opposite. Null where none is diagnosed so.
   */
  readonly detail: Detail | null;
  readonly urgency: Urgency;
}

export function tellingOf(incident: Incident, deps: TellingDeps): Telling {
  const { cause, scope, flapping } = incident;
  const details = subjectsOf(incident, deps.hand).flatMap((subject) => deps.hand.details.get(subject) ?? []);
  const detail = toldOf(incident, details, deps);
  const urgency = urgencyOf({
    cause,
    scope,
    flapping,
    share: detail?.loss?.share ?? null,
    lost: lostOf(details),
    pageShare: policyOf(deps.settings, roleOfIncident(incident, deps)).pageShare,
    burn: burnOf(incident, deps.hand),
  });
  return { detail, urgency };
}

/** Subjects of the episodes of an incident. */
export function subjectsOf(
  { scope, cause, members: all }: Incident,
  { book }: Pick<HandBook, "book">,
): string[] {
  if (scope.kind === "host") return [scope.of];
  const family = familyOf(cause);
  const members = new Set(all);
  return [...book.episodes.values()]
    .filter(
      (episode) => familyOf(episode.cause) === family && hostsOf(episode).some((host) => members.has(host)),
    )
    .map(({ subject }) => subject);
}

/** Of hosts that fell silent at once what they have in common, with the evidence of one of them. */
function toldOf(
  incident: Incident,
  details: readonly Detail[],
  { fleet }: Pick<TellingDeps, "fleet">,
): Detail | null {
  const detail = detailOf(incident, details);
  const { cause, scope, members } = incident;
  if (detail === null || cause !== "HOST_SILENT" || scope.of !== ALL_HOSTS) return detail;
  const common = commonSilence(members.length, fleet.hostById.size);
  return { ...detail, diagnosis: { ...detail.diagnosis, ...common } };
}

function detailOf(incident: Incident, told: readonly Detail[]): Detail | null {
  const family = familyOf(incident.cause);
  const same = told.filter(({ diagnosis }) => diagnosis.cause === incident.cause);
  const alike = told.filter(({ diagnosis }) => familyOf(diagnosis.cause) === family);
  const fitting = same.length > 0 ? same : alike;
  return fitting.reduce<Detail | null>(
    (worst, one) => ((one.loss?.share ?? 0) > (worst?.loss?.share ?? -1) ? one : worst),
    null,
  );
}

/** Of all its members; null where it is not known of one. */
function lostOf(details: readonly Detail[]): number | null {
  return details.reduce<number | null>(
    (sum, { lost }) => (sum === null || lost === undefined ? null : sum + lost),
    0,
  );
}

function roleOfIncident({ scope, members: [first] }: Incident, deps: TellingDeps): string | null {
  if (scope.kind === "fleet") return scope.of;
  const host = deps.fleet.hostById.get(Number(first));
  return host === undefined ? null : roleOf(host.labels, deps.roleLabels);
}

/** What the objectives that burn on its hosts ask for: it may be what they burn by. */
function burnOf(incident: Incident, { book, details }: TellingDeps["hand"]): UrgencyInput["burn"] {
  if (incident.cause !== "SLO_BURN" && !isBurntBy(incident.cause)) return null;
  const asked = [...book.episodes.values()]
    .filter((episode) => episode.cause === "SLO_BURN" && episode.phase !== "closed")
    .filter((episode) => hostsOf(episode).some((host) => incident.members.includes(host)))
    .map(({ subject }) => details.get(subject)?.burn);
  if (asked.includes("PAGE")) return "PAGE";
  return asked.includes("TICKET") ? "TICKET" : null;
}
