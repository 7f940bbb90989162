import { MINUTE_MS, minuteOf } from "../../src/rates/minute.ts";
import { type Counter, PLACE } from "./corpus/counters.ts";
import type { Known } from "./history.ts";

/** What others would have raised of the same snapshots. */
export interface Alert {
  readonly host: number;
  readonly from: number;
}

export const RULES = [
  "Netdata's four rules",
  "increase(ListenOverflows[5m]) > 0",
  "EW 3-sigma",
  "always off",
] as const;
export type Rule = (typeof RULES)[number];

/** Once raised, an alert stays for so long after its condition held last: Netdata's `delay: down 5m`, and PromQL's 5m. */
const HOLD_MS = 5 * MINUTE_MS;

/** health.d/tcp_listen.conf: the average of a minute, each ten seconds, over one a second. */
const NETDATA: readonly Counter[] = [
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPReqQFullDrop",
  "TcpExtTCPReqQFullDoCookies",
];
const NETDATA_PER_SECOND = 1;

/** The counters that show most of what can be the matter. */
const SIGMA: readonly Counter[] = [
  "TcpExtListenOverflows",
  "TcpPassiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpRetransSegs",
  "TcpExtTCPReqQFullDoCookies",
];
const SIGMAS = 3;
/** An hour of minutes, and how many are needed before one is judged. */
const SIGMA_RATE = 2 / 61;
const SIGMA_MINUTES = 20;

interface Minute {
  readonly until: number;
  readonly counts: readonly number[];
}

/** The rules on one host. */
class HostRules {
  readonly alerts = new Map<Rule, number[]>(RULES.map((rule) => [rule, []]));
  readonly #heldTo = new Map<Rule, number>();
  #lastMinute: Minute[] = [];
  #minute = 0;
  readonly #sums = SIGMA.map(() => 0);
  readonly #bands = SIGMA.map(() => ({ mean: 0, variance: 0, seen: 0 }));

  see({ snapshot: { at }, increases: { counts, ratedMs } }: Known): void {
    if (ratedMs <= 0) return;
    const countOf = (counter: Counter) => counts.numbers[PLACE[counter]] || 0;
    if (countOf("TcpExtListenOverflows") > 0) this.#raise("increase(ListenOverflows[5m]) > 0", at);
    this.#lastMinute = this.#lastMinute.filter(({ until }) => until > at - MINUTE_MS);
    this.#lastMinute.push({ until: at, counts: NETDATA.map(countOf) });
    const isOver = NETDATA.some(
      (_, place) =>
        this.#lastMinute.reduce((sum, one) => sum + (one.counts[place] as number), 0) >
        NETDATA_PER_SECOND * 60,
    );
    if (isOver) this.#raise("Netdata's four rules", at);
    if (minuteOf(at) !== this.#minute) {
      if (this.#minute !== 0) this.#closeMinute();
      this.#minute = minuteOf(at);
    }
    SIGMA.forEach((counter, place) => {
      this.#sums[place] = (this.#sums[place] as number) + countOf(counter);
    });
  }

  /** An exponentially weighted mean and deviation; of at least one event, or the first would be infinitely far out. */
  #closeMinute(): void {
    this.#bands.forEach((band, place) => {
      const value = this.#sums[place] as number;
      this.#sums[place] = 0;
      const off = value - band.mean;
      const isOut = Math.abs(off) > SIGMAS * Math.max(1, Math.sqrt(band.variance));
      if (band.seen >= SIGMA_MINUTES && isOut) this.#raise("EW 3-sigma", this.#minute + MINUTE_MS);
      const rate = Math.max(SIGMA_RATE, 1 / (band.seen + 1));
      band.mean += rate * off;
      band.variance = (1 - rate) * (band.variance + rate * off * off);
      band.seen++;
    });
  }

  #raise(rule: Rule, at: number): void {
    if (at > (this.#heldTo.get(rule) ?? 0)) this.alerts.get(rule)?.push(at);
    this.#heldTo.set(rule, at + HOLD_MS);
  }
}

/** The rules on all hosts of a run. */
export class ComparedRules {
  readonly #byHost = new Map<number, HostRules>();

  see(host: number, known: Known): void {
    let rules = this.#byHost.get(host);
    if (rules === undefined) {
      rules = new HostRules();
      this.#byHost.set(host, rules);
    }
    rules.see(known);
  }

  alerts(rule: Rule): Alert[] {
    return [...this.#byHost].flatMap(([host, { alerts }]) =>
      (alerts.get(rule) ?? []).map((from) => ({ host, from })),
    );
  }
}
