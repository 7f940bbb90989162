import { BurnRing } from "../../detect/detectors/burn-ring.ts";
import { type Burn, judgeBurn } from "../../detect/detectors/slo-burn.ts";
import type { Judgement } from "../../detect/episodes/book.ts";
import { type DetectionSettings, policyOf } from "../../detect/settings.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import { inTransaction, type PrismaClient } from "../../store/client.ts";
import { readBook, writeBook } from "../../store/detect/book.ts";
import { type RoleBurnRow, readRoleBurns } from "../../store/detect/burns.ts";
import type { FleetView } from "../../store/fleet-view.ts";
import type { Logger } from "../../telemetry/log.ts";
import { burnDetail, burnObservation } from "./burn-detail.ts";
import { type Detail, lockHandBook, readHandBook, roleBurnSubject, storedHandBook } from "./hand-book.ts";
import { IncidentWriter, NOTHING_WRITTEN, type Written } from "./incident-writer.ts";
import { roleSizes } from "./roles.ts";

const SOURCE = "roles";
/** What no shard has added to for so long says nothing of now. */
const FRESH_MS = 10 * MINUTE_MS;

export interface RolesDeps {
  readonly db: PrismaClient;
  readonly fleet: Pick<FleetView, "read">;
  readonly roleLabels: readonly string[];
  readonly settings: () => DetectionSettings;
  readonly log: Pick<Logger, "warn">;
}

/**
 * Judges the objectives of roles: the handshakes of all shards together. Little lost on each of many hosts burns an
 * objective that no host burns alone.
 *
 * Safe to run twice and at once: the book is locked, and a minute that was judged changes nothing.
 *
 * @param now ms since 1970
 */
export async function judgeRoles(deps: RolesDeps, now: number): Promise<Written> {
  const { db, roleLabels } = deps;
  const settings = deps.settings();
  const roles = await burnsOfRoles(deps, settings, now);
  const look = readHandBook(await readBook(db));
  const known = new Set([...look.book.episodes.values()].map(({ subject }) => subject));
  const isQuiet = [...roles].every(([role, { burn }]) => burn === null && !known.has(roleBurnSubject(role)));
  if (roles.size === 0 || isQuiet) return NOTHING_WRITTEN;
  const fleet = await deps.fleet.read();
  return inTransaction(db, async (tx) => {
    const hand = await lockHandBook(tx, now);
    const before = hand.book;
    const { judgement, details } = rolesJudgement(roles, roleSizes(fleet, roleLabels));
    const writer = new IncidentWriter({ tx, hand, fleet, anomalies: new Map(), roleLabels, settings, now });
    await writer.take(judgement, details);
    const written = await writer.finish();
    if (hand.book !== before) await writeBook(tx, storedHandBook(hand));
    return written;
  });
}

/** Whether the objective of a role burns, at the end of which minute, and the hosts that lost the most. */
export interface RoleBurn {
  /** ms since 1970 */
  readonly at: number;
  readonly burn: Burn | null;
  readonly hostIds: readonly number[];
}

/** What the objectives of roles are to the incident machine, and what is told of those that burn. */
export function rolesJudgement(
  roles: ReadonlyMap<string, RoleBurn>,
  sizes: Judgement["sizes"],
): { readonly judgement: Judgement; readonly details: ReadonlyMap<string, Detail> } {
  const details = new Map<string, Detail>();
  const observations = [...roles].map(([role, { burn, hostIds }]) => {
    const subject = roleBurnSubject(role);
    if (burn !== null) details.set(subject, burnDetail(burn));
    return burnObservation({ subject, host: "", hosts: hostIds.map(String), role }, burn);
  });
  const judgement: Judgement = {
    source: SOURCE,
    at: Math.max(...[...roles.values()].map(({ at }) => at)),
    judges: "counters",
    observations,
    judged: new Set(observations.map(({ subject }) => subject)),
    sizes,
  };
  return { judgement, details };
}

/** Each role with whether its objective burns, and at the end of which minute. */
async function burnsOfRoles({ db, log }: RolesDeps, settings: DetectionSettings, now: number) {
  const rows = new Map<string, RoleBurnRow[]>();
  for (const row of await readRoleBurns(db, null)) rows.set(row.role, [...(rows.get(row.role) ?? []), row]);
  const found = new Map<string, RoleBurn>();
  for (const [role, own] of rows) {
    const ring = mergedRing(own, log);
    const at = (ring.minute + 1) * MINUTE_MS;
    if (now - at > FRESH_MS) continue;
    const burn = judgeBurn(ring, policyOf(settings, role).objective);
    found.set(role, { at, burn, hostIds: own.flatMap(({ hostIds }) => hostIds) });
  }
  return found;
}

function mergedRing(rows: readonly RoleBurnRow[], log: Pick<Logger, "warn">): BurnRing {
  const sum = new BurnRing();
  for (const { role, ring } of rows) {
    try {
      sum.merge(BurnRing.decode(ring));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      log.warn({ err: error, role }, "the handshakes of a role are counted anew");
    }
  }
  return sum;
}
