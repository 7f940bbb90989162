import { parseArgs } from "node:util";

export const SHAPES = ["steady", "ramp", "herd", "dashboards", "subscriptions", "hot"] as const;
export type ShapeName = (typeof SHAPES)[number];

/** How large the shapes are. */
export interface Sizes {
  /** Agents of every shape but the ramp. */
  readonly hosts: number;
  readonly intervalMs: number;
  /** Of each shape that count, and of each step of the ramp. */
  readonly seconds: number;
  /** Snapshots that each agent has kept when the herd comes back. */
  readonly backlog: number;
  readonly dashboards: number;
  readonly subscribers: number;
  readonly ramp: {
    readonly first: number;
    /** Each step has so many times the hosts of the one before. */
    readonly factor: number;
    /** Where it ends if nothing gives way. */
    readonly most: number;
    /** Steps between the last that held and the first that did not. */
    readonly refine: number;
  };
}

export interface Options {
  readonly shapes: readonly ShapeName[];
  readonly sizes: Sizes;
  readonly json: boolean;
  /** Puts the tables between the markers of docs/performance.md. */
  readonly write: boolean;
  /** After this the run ends, whatever it is at. */
  readonly limitMs: number;
}

export const USAGE = `npm run bench:load -- [options] [${SHAPES.join("|")}] ...
  --hosts N         agents of every shape but the ramp (default 1000)
  --interval S      seconds between the pushes of one agent (default 10)
  --seconds S       that count, of each shape and of each step of the ramp (default 75: some minute ends in it)
  --backlog N       snapshots that each agent of the herd has kept (default 30)
  --dashboards N    fleet pages that are looked at, each asking anew each 5 s (default 20)
  --subscribers N   WebSockets with the subscriptions of the fleet page (default 200)
  --ramp FIRST,FACTOR,MOST
                    hosts of the first step, how many times more each step has, where it ends (default 2000,1.5,60000)
  --refine N        steps of the ramp between the last that held and the first that did not (default 2)
  --tiny            to see that it works; its figures mean nothing
  --limit MINUTES   end after so long (default 60)
  --write           put the tables into docs/performance.md
  --json            one line of JSON instead of tables`;

const TINY: Sizes = {
  hosts: 30,
  intervalMs: 2_000,
  seconds: 6,
  backlog: 5,
  dashboards: 2,
  subscribers: 3,
  ramp: { first: 20, factor: 2, most: 40, refine: 1 },
};

/** @returns null when help was asked for @throws Error that names the option at fault */
export function readOptions(args: readonly string[]): Options | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", default: false },
      hosts: { type: "string", default: "1000" },
      interval: { type: "string", default: "10" },
      seconds: { type: "string", default: "75" },
      backlog: { type: "string", default: "30" },
      dashboards: { type: "string", default: "20" },
      subscribers: { type: "string", default: "200" },
      ramp: { type: "string", default: "2000,1.5,60000" },
      refine: { type: "string", default: "2" },
      tiny: { type: "boolean", default: false },
      limit: { type: "string", default: "60" },
      write: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const unknown = positionals.filter((name) => !(SHAPES as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`there is no shape ${unknown.join(", ")}`);
  if (values.tiny && values.write) throw new Error("--write with --tiny: its figures mean nothing");
  return {
    shapes: positionals.length === 0 ? SHAPES : SHAPES.filter((shape) => positionals.includes(shape)),
    sizes: values.tiny
      ? TINY
      : {
          hosts: numberOf("--hosts", values.hosts, 1, 100_000),
          intervalMs: numberOf("--interval", values.interval, 1, 3_600) * 1_000,
          seconds: numberOf("--seconds", values.seconds, 5, 3_600),
          backlog: numberOf("--backlog", values.backlog, 1, 500),
          dashboards: numberOf("--dashboards", values.dashboards, 1, 2_000),
          subscribers: numberOf("--subscribers", values.subscribers, 1, 2_000),
          ramp: { ...rampOf(values.ramp), refine: numberOf("--refine", values.refine, 0, 10) },
        },
    json: values.json,
    write: values.write,
    limitMs: numberOf("--limit", values.limit, 1, 1_440) * 60_000,
  };
}

function rampOf(text: string): { readonly first: number; readonly factor: number; readonly most: number } {
  const [first, factor, most, ...more] = text.split(",").map(Number);
  if (
    first !== undefined &&
    first >= 1 &&
    factor !== undefined &&
    factor > 1 &&
    most !== undefined &&
    most >= first &&
    more.length === 0
  )
    return { first, factor, most };
  throw new Error(
    `--ramp ${text}: give hosts of the first step, a factor above 1, and where it ends, as 2000,1.5,60000`,
  );
}

function numberOf(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (value >= min && value <= max) return value;
  throw new Error(`${option} ${text}: give a number from ${min} to ${max}`);
}
