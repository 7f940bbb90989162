import type { Flag } from "../flag.ts";
import { residual } from "../residual.ts";
import { percent, plain, span } from "../words.ts";
import type { BurnRing, Handshakes } from "./burn-ring.ts";

export interface BurnRule {
  readonly urgency: "PAGE" | "TICKET";
  readonly longMinutes: number;
  readonly shortMinutes: number;
  /** How many times faster than the objective allows the budget is used up. */
  readonly burn: number;
}

/** Fast ones first. The short window lets the alert end within minutes of the recovery. */
export const BURN_RULES: readonly BurnRule[] = [
  { urgency: "PAGE", longMinutes: 60, shortMinutes: 5, burn: 14.4 },
  { urgency: "PAGE", longMinutes: 360, shortMinutes: 30, burn: 6 },
  { urgency: "TICKET", longMinutes: 1_440, shortMinutes: 120, burn: 3 },
  { urgency: "TICKET", longMinutes: 4_320, shortMinutes: 360, burn: 1 },
];

/** Of 30 days: 43 minutes of a complete outage. */
export const DEFAULT_OBJECTIVE = 0.999;

const BAD_MIN = 10;
const Z_MIN = 3;
const MINUTE_MS = 60_000;

export interface Burn {
  readonly rule: BurnRule;
  readonly flag: Flag;
}

/**
 * Handshake loss as a service level objective: the first rule by which the budget of 30 days is used up too fast,
 * in its long and its short window both; null when none is. With little traffic one lost connection is a large
 * share, so the long window also needs ten lost, and more than chance makes of the threshold.
 *
 * @param objective share of handshakes that shall go well, above 0 and below 1
 */
export function judgeBurn(ring: BurnRing, objective = DEFAULT_OBJECTIVE): Burn | null {
  const to = (ring.minute + 1) * MINUTE_MS;
  for (const rule of BURN_RULES) {
    const long = ring.last(rule.longMinutes);
    const short = ring.last(rule.shortMinutes);
    const threshold = Math.min(1, rule.burn * (1 - objective));
    if (shareOf(long) <= threshold || shareOf(short) <= threshold) continue;
    const total = long.good + long.bad;
    const z = residual(long.bad, threshold * total, 0);
    if (long.bad < BAD_MIN || z < Z_MIN) continue;
    const share = shareOf(long);
    const text = `${percent(share)} of ${plain(total)} new connections were lost or delayed in ${span(rule.longMinutes * MINUTE_MS)}, ${plain(share / (1 - objective))} times what the objective of ${plain(objective * 100)} % allows.`;
    const flag: Flag = {
      detector: "slo_burn",
      series: "handshakes",
      from: to - rule.longMinutes * MINUTE_MS,
      to,
      observed: long.bad,
      expected: (1 - objective) * total,
      low: 0,
      high: threshold * total,
      z,
      share,
      text,
    };
    return { rule, flag };
  }
  return null;
}

function shareOf({ good, bad }: Handshakes): number {
  return bad === 0 ? 0 : bad / (good + bad);
}
