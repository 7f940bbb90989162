import { parseArgs } from "node:util";

/** What a run measures, and how long. */
export interface Options {
  readonly json: boolean;
  /** Cycles that count, and those before them that do not: until code is compiled and names are sent. */
  readonly cycles: number;
  readonly warmup: number;
  readonly intervalMs: number;
  /** Network namespaces that the bench makes; 0 for none. */
  readonly namespaces: number;
  /** Also an agent under --cpu-prof, for the parts of its cycle. */
  readonly parts: boolean;
  /** Our own programs alone. */
  readonly peers: boolean;
  /** The built agent. */
  readonly agent: string;
  /** Other builds of it, to be compared with. */
  readonly against: readonly string[];
}

export const USAGE = `npm run bench:agent -- [options]
  --cycles N        cycles that count (default 60, at most 20000)
  --warmup N        cycles before them (default 15)
  --interval MS     time between cycles in ms (default 1000, at least 100)
  --namespaces N    make N network namespaces and measure an agent that watches them all (root only, at most 500)
  --parts           also run an agent under --cpu-prof and say what its cycle is made of
  --no-peers        leave out node_exporter and collectd
  --agent FILE      the built agent (default dist/agent.mjs)
  --against FILE    another build, measured beside it; repeatable
  --json            one line of JSON instead of a table`;

/** @throws Error that names the option at fault. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      json: { type: "boolean", default: false },
      cycles: { type: "string", default: "60" },
      warmup: { type: "string", default: "15" },
      interval: { type: "string", default: "1000" },
      namespaces: { type: "string", default: "0" },
      parts: { type: "boolean", default: false },
      peers: { type: "boolean", default: true },
      agent: { type: "string", default: "dist/agent.mjs" },
      against: { type: "string", multiple: true, default: [] },
    },
  });
  return {
    json: values.json,
    cycles: integer("cycles", values.cycles, 1, 20_000),
    warmup: integer("warmup", values.warmup, 1, 1_000),
    intervalMs: integer("interval", values.interval, 100, 60_000),
    namespaces: integer("namespaces", values.namespaces, 0, 500),
    parts: values.parts,
    peers: values.peers,
    agent: values.agent,
    against: values.against,
  };
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} ${text}: give an integer from ${min} to ${max}`);
}
