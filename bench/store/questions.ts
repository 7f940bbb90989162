/** The questions of a dashboard, to us by GraphQL and to VictoriaMetrics in its own language. */
import { metricName } from "../peers/remote-write.ts";
import type { Peer } from "../peers/servers.ts";
import type { Figure } from "../support/figure.ts";
import type { Database, Spillway } from "../support/spillway.ts";

export interface Question {
  readonly name: string;
  readonly graphql: string;
  /** Steps in seconds; null for one moment, the end. */
  readonly promql: { readonly query: string; readonly step: number | null };
}

export interface Span {
  /** Whole minutes, ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is asked of a counter over the whole fleet. */
export function fleetQuestions(counter: string, { fromMs, toMs }: Span): Question[] {
  const metric = metricName(counter);
  const range = `{from: "${new Date(fromMs).toISOString()}", to: "${new Date(toMs).toISOString()}"}`;
  const trend = (args: string) =>
    `{ fleet { trend(counter: "${counter}", range: ${range}, step: "1m"${args}) { values } } }`;
  const field = counter.replace(/^Tcp(Ext)?/, "");
  return [
    {
      name: `${field}: trend of the fleet`,
      graphql: trend(""),
      promql: { query: `sum(rate(${metric}[1m]))`, step: 60 },
    },
    {
      name: `${field}: increase of the fleet`,
      graphql: trend(", measure: INCREASE"),
      promql: { query: `sum(increase(${metric}[1m]))`, step: 60 },
    },
    {
      name: `${field}: top 20 hosts`,
      graphql: `{ fleet { top(counter: "${counter}", range: ${range}, first: 20) { increase host { name } } } }`,
      promql: { query: `topk(20, increase(${metric}[${(toMs - fromMs) / 60_000}m]))`, step: null },
    },
    {
      name: `${field}: affected hosts over time`,
      graphql: trend(", measure: AFFECTED"),
      promql: { query: `count(increase(${metric}[1m]) > 0)`, step: 60 },
    },
    {
      name: `${field}: by region`,
      graphql: trend(`, groupBy: ["region"]`),
      promql: { query: `sum by (region) (rate(${metric}[1m]))`, step: 60 },
    },
  ];
}

/** Rates of one host, at the resolution of its snapshots. */
export function hostQuestion(
  host: { readonly id: string; readonly name: string },
  counters: readonly string[],
  { fromMs, toMs }: Span,
  everyMs: number,
): Question {
  const range = `{from: "${new Date(fromMs).toISOString()}", to: "${new Date(toMs).toISOString()}"}`;
  const names = counters.map(metricName).join("|");
  return {
    name: `one host, ${counters.length} counters, each ${everyMs / 1_000} s`,
    graphql: `{ host(id: "host_${host.id}") { rates(counters: ${JSON.stringify(counters)}, range: ${range}, step: "${everyMs / 1_000}s") { values } } }`,
    promql: {
      query: `rate({__name__=~"${names}",instance="${host.name}"}[1m]) keep_metric_names`,
      step: everyMs / 1_000,
    },
  };
}

/** Time that each side is asked one question in a round. */
const BATCH_MS = 1_500;
const [FEWEST, MOST] = [3, 500];

interface Asked {
  cpuMs: number;
  readonly wallMs: number[];
  readonly cpuBy: Record<string, number>;
}

export interface Sides {
  readonly spillway: Spillway;
  readonly database: Database;
  readonly victoria: Peer | null;
}

/** Asks every question of both sides in turns, round by round. */
export async function ask(
  part: string,
  questions: readonly Question[],
  { spillway, database, victoria }: Sides,
  span: Span,
  rounds: number,
): Promise<Figure[]> {
  const cpu = () => ({ node: spillway.cpuMs(), postgres: database.cpuMs() });
  const figures: Figure[] = [];
  const sums = questions.map(() => ({ ours: newAsked(), peers: newAsked() }));
  for (let round = 0; round < rounds; round++) {
    for (const [place, question] of questions.entries()) {
      const sum = sums[place];
      if (sum === undefined) continue;
      await batch(sum.ours, () => spillway.graphql(question.graphql), cpu);
      if (victoria !== null) {
        await batch(
          sum.peers,
          () => askVictoria(victoria, question, span),
          () => ({ server: victoria.cpuMs() }),
        );
      }
    }
  }
  questions.forEach(({ name }, place) => {
    const sum = sums[place];
    if (sum === undefined) return;
    const { ours, peers } = sum;
    const each = ours.wallMs.length;
    figures.push({
      part,
      name,
      unit: "ms of CPU",
      ours: ours.cpuMs / each,
      peer: victoria === null ? null : { name: victoria.name, value: peers.cpuMs / peers.wallMs.length },
      better: "lower",
      details: {
        "p50 ms": median(ours.wallMs),
        ...(victoria === null ? {} : { "p50 of the peer": median(peers.wallMs) }),
        "Node ms": (ours.cpuBy.node ?? 0) / each,
        "Postgres ms": (ours.cpuBy.postgres ?? 0) / each,
        asked: each,
      },
    });
  });
  return figures;
}

function newAsked(): Asked {
  return { cpuMs: 0, wallMs: [], cpuBy: {} };
}

/** The question again and again, as often as fits; the first time, which finds caches cold, is not counted. */
async function batch(
  sum: Asked,
  once: () => Promise<unknown>,
  cpu: () => Readonly<Record<string, number>>,
): Promise<void> {
  const warm = performance.now();
  await once();
  const times = Math.min(MOST, Math.max(FEWEST, Math.ceil(BATCH_MS / (performance.now() - warm))));
  const before = cpu();
  for (let time = 0; time < times; time++) {
    const since = performance.now();
    await once();
    sum.wallMs.push(performance.now() - since);
  }
  for (const [process, ms] of Object.entries(cpu())) {
    const spent = ms - (before[process] ?? 0);
    sum.cpuMs += spent;
    sum.cpuBy[process] = (sum.cpuBy[process] ?? 0) + spent;
  }
}

async function askVictoria(
  { port }: Peer,
  { name, promql }: Question,
  { fromMs, toMs }: Span,
): Promise<void> {
  const { query, step } = promql;
  const params = new URLSearchParams(
    step === null
      ? { query, time: String(toMs / 1_000), nocache: "1" }
      : {
          query,
          start: String(fromMs / 1_000 + step),
          end: String(toMs / 1_000),
          step: String(step),
          nocache: "1",
        },
  );
  const path = step === null ? "query" : "query_range";
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${params}`);
  const answer = (await response.json()) as {
    readonly error?: string;
    readonly data?: { readonly result: readonly unknown[] };
  };
  // What found nothing is not measured: it is quick.
  if ((answer.data?.result.length ?? 0) === 0) {
    throw new Error(`VictoriaMetrics, ${name}: ${answer.error ?? "no data"}`);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
