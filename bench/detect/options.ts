import { parseArgs } from "node:util";

export interface Options {
  /** Runs of each scenario. */
  readonly seeds: readonly number[];
  /** Scenarios whose names contain one of these; all where there is none. */
  readonly only: readonly string[];
  readonly learnDays: number;
  /** Of 256 hosts in which nothing is wrong; 0 leaves them out. */
  readonly weeks: number;
  readonly everySeconds: number;
  readonly json: boolean;
  /** Writes the tables between the markers of docs/detection.md. */
  readonly write: boolean;
}

export const USAGE = `npm run bench:detect -- [options] [part of a scenario's name] ...
  --tiny            two runs of each scenario on baselines of three days, and a day in which nothing is wrong
  --seeds 1-50      the runs of each scenario: 1-50 to tune by, 1000-1100 (default) to report
  --weeks 12        weeks of 256 hosts in which nothing is wrong
  --every 60        the interval of their agents, seconds
  --write           puts the tables into docs/detection.md
  --json            one line of JSON instead of tables
Ctrl-C ends it with a report of what there is; SIGUSR2 reports, and it goes on.`;

/** @throws Error that names the option at fault */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tiny: { type: "boolean", default: false },
      seeds: { type: "string" },
      weeks: { type: "string" },
      every: { type: "string", default: "60" },
      write: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const { tiny, write, json } = values;
  return {
    seeds: seedsOf(values.seeds ?? (tiny ? "1-2" : "1000-1100")),
    only: positionals,
    learnDays: tiny ? 3 : 9,
    weeks: numberOf("--weeks", values.weeks ?? (tiny ? "0.15" : "12"), 0, 520),
    everySeconds: numberOf("--every", values.every, 10, 60),
    json,
    write,
  };
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!(value >= least && value <= most)) throw new Error(`${name} ${text}: give ${least} to ${most}`);
  return value;
}

function seedsOf(text: string): number[] {
  const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (match === null || last < first) throw new Error(`--seeds ${text}: give a range such as 1-50`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
