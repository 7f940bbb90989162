import type { Cost } from "./cost.ts";
import type { BenignReport } from "./parts.ts";
import { RULES, type Rule } from "./rules.ts";
import { type Counts, qualityOf, sumOf } from "./score.ts";
import type { PlayedScore } from "./scored.ts";
import { bootstrap, quantile, rateBound } from "./statistics.ts";

export interface Report {
  readonly seeds: readonly number[];
  readonly learnDays: number;
  readonly played: readonly PlayedScore[];
  readonly benign: BenignReport | null;
  readonly cost: Cost;
}

/** The tables of docs/detection.md, in Markdown. */
export function reportOf(report: Report): string {
  const { seeds, learnDays, played, benign, cost } = report;
  const scenarios = [...new Set(played.map(({ scenario }) => scenario))];
  const about = `${played.length} runs: ${scenarios.length} scenarios with the seeds ${seeds[0]} to ${seeds.at(-1)}, on baselines of ${learnDays} days.`;
  return [
    about,
    pooled(played),
    byScenario(played, scenarios),
    confusion(played),
    losses(played),
    flags(played),
    weeks(benign),
    costs(cost),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Runs of one host belong together: intervals are over hosts. */
function byHost(played: readonly PlayedScore[]): PlayedScore[][] {
  const hosts = new Map<number, PlayedScore[]>();
  for (const one of played) hosts.set(one.host, [...(hosts.get(one.host) ?? []), one]);
  return [...hosts.values()];
}

function pooled(played: readonly PlayedScore[]): string {
  const groups = byHost(played);
  const row = (name: string, countsOf: (one: PlayedScore) => Counts) => {
    const sums = groups.map((group) => sumOf(group.map(countsOf)));
    const { precision, recall, f1 } = qualityOf(sumOf(sums));
    const { low, high } = bootstrap(sums, (drawn) => qualityOf(sumOf(drawn)).f1, name);
    const { found, wrong, missed } = sumOf(sums);
    return [
      name,
      percent(precision),
      percent(recall),
      `**${f1.toFixed(3)}** (${low.toFixed(3)} to ${high.toFixed(3)})`,
      found,
      wrong,
      missed,
    ];
  };
  return `### All scenarios together\n\n${table(
    ["", "precision", "recall", "F1 (95 %)", "found", "told of nothing", "missed"],
    [
      row("Spillway", ({ counts }) => counts),
      ...RULES.map((rule: Rule) => row(rule, ({ rules }) => rules[rule])),
    ],
  )}`;
}

function byScenario(played: readonly PlayedScore[], scenarios: readonly string[]): string {
  const rows = scenarios.map((scenario) => {
    const own = played.filter((one) => one.scenario === scenario);
    const counts = sumOf(own.map((one) => one.counts));
    const { precision, recall, f1 } = qualityOf(counts);
    const named = own.flatMap((one) => one.named);
    const seconds = named.map((one) => one.seconds).sort((a, b) => a - b);
    const isReal = counts.found + counts.missed > 0;
    const total = (of: (one: PlayedScore) => number) => own.reduce((sum, one) => sum + of(one), 0);
    const f1Of = (rule: Rule) => qualityOf(sumOf(own.map((one) => one.rules[rule]))).f1.toFixed(2);
    return [
      scenario,
      own.length,
      percent(precision),
      percent(recall),
      isReal ? f1.toFixed(2) : "",
      percent(named.length === 0 ? null : named.filter(({ right }) => right).length / named.length),
      seconds.length === 0
        ? ""
        : `${Math.round(quantile(seconds, 0.5))} s / ${Math.round(quantile(seconds, 0.95))} s`,
      counts.wrong,
      total(({ duplicates }) => duplicates),
      total(({ noted }) => noted),
      total(({ falsePages }) => falsePages),
      isReal ? f1Of("Netdata's four rules") : "",
      isReal ? f1Of("increase(ListenOverflows[5m]) > 0") : "",
    ];
  });
  return `### Each scenario\n\n${table(
    [
      "scenario",
      "runs",
      "precision",
      "recall",
      "F1",
      "cause right",
      "time to detect, median / p95",
      "told of nothing",
      "told twice",
      "notes",
      "false pages",
      "F1 Netdata",
      "F1 increase",
    ],
    rows,
  )}`;
}

function confusion(played: readonly PlayedScore[]): string {
  const named = played.flatMap((one) => one.named);
  const causes = [...new Set(named.map(({ truth }) => truth))];
  const rows = causes.map((cause) => {
    const own = named.filter(({ truth }) => truth === cause);
    const counts = new Map<string, number>();
    for (const one of own) counts.set(one.named, (counts.get(one.named) ?? 0) + 1);
    const others = [...counts].filter(([name]) => name !== cause).sort((a, b) => b[1] - a[1]);
    return [
      cause,
      own.length,
      counts.get(cause) ?? 0,
      others.map(([name, count]) => `${name} ${count}`).join(", "),
    ];
  });
  const right = named.filter((one) => one.right).length;
  return `### The cause named, of what was found\n\n${right} of ${named.length} right (${percent(right / named.length)}).\n\n${table(["cause in truth", "found", "named so", "named otherwise"], rows)}`;
}

function losses(played: readonly PlayedScore[]): string {
  const own = played.flatMap(({ loss }) => (loss === null ? [] : [loss]));
  if (own.length === 0) return "";
  const mean = (of: (one: (typeof own)[number]) => number) =>
    own.reduce((sum, one) => sum + of(one), 0) / own.length;
  return `### The share of handshakes lost\n\nOver ${own.length} runs in which some were: the estimate is off by ${(100 * mean(({ error }) => error)).toFixed(1)} points on average, and the truth is within the range in ${percent(mean(({ inRange }) => inRange))} of the judgements.`;
}

function flags(played: readonly PlayedScore[]): string {
  const expected = played.reduce((sum, one) => sum + one.flags.expected, 0);
  const found = played.reduce((sum, one) => sum + one.flags.found, 0);
  return expected === 0
    ? ""
    : `First bursts of a quiet host flagged by the next snapshot: ${found} of ${expected}.`;
}

function weeks(benign: BenignReport | null): string {
  if (benign === null) return "";
  const { hostWeeks, everySeconds, incidents, alerts } = benign;
  const causes = Object.entries(incidents).sort((a, b) => b[1].opened - a[1].opened);
  const opened = causes.reduce((sum, [, { opened: count }]) => sum + count, 0);
  const paged = causes.reduce((sum, [, { paged: count }]) => sum + count, 0);
  const rate = (name: string, events: number) => [
    name,
    events,
    (events / hostWeeks).toPrecision(2),
    rateBound(events, hostWeeks).toPrecision(2),
  ];
  return `### Weeks in which nothing is wrong\n\n${Math.round(hostWeeks).toLocaleString("en-US")} host-weeks, snapshots each ${everySeconds} s.\n\n${table(
    ["", "events", "a host-week", "below, with 95 %"],
    [
      rate("Spillway wakes somebody", paged),
      rate("Spillway opens an incident", opened),
      ...causes.map(([cause, { opened: count }]) => rate(`of these ${cause}`, count)),
      ...RULES.map((rule) => rate(rule, alerts[rule])),
    ],
  )}`;
}

function costs(cost: Cost): string {
  return `### What it costs\n\n${table(
    ["", ""],
    [
      ["a series, each evaluation", `${Math.round(cost.nsPerSeries)} ns of CPU`],
      [
        "a series in memory",
        `${Math.round(cost.bytesPerSeries)} bytes on average, ${Math.round(cost.bytesPerSeasonalSeries)} with a season`,
      ],
      [
        "a shard of 256 namespaces",
        `${cost.storedBytes.toLocaleString("en-US")} bytes stored, ${Math.round(cost.storedMs)} ms to write and read back`,
      ],
      [
        `${cost.fleetSeries.toLocaleString("en-US")} series each minute`,
        `${cost.corePercent.toPrecision(2)} % of a core`,
      ],
    ],
  )}`;
}

function percent(share: number | null): string {
  return share === null ? "" : `${(100 * share).toFixed(1)} %`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
