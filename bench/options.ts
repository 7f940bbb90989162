import { parseArgs } from "node:util";

export const PARTS = ["ingest", "store", "fleet", "lag", "churn", "prometheus"] as const;
export type Part = (typeof PARTS)[number];

/** What a run measures, and how large. */
export interface Options {
  readonly json: boolean;
  readonly parts: readonly Part[];
  readonly size: "tiny" | "quick" | "full";
  /** Ours alone. */
  readonly peers: boolean;
  /** A folder for a CPU profile of `serve` during ingest; null for none. */
  readonly profile: string | null;
  /** Flags for the Node of `serve`. */
  readonly node: readonly string[];
  /** After this the run ends, whatever it is at. */
  readonly limitMs: number;
}

export const USAGE = `npm run bench -- [options] [${PARTS.join("|")}] ...
  --full            the sizes of docs/performance.md: hours
  --tiny            to see that it works; its figures mean nothing
  --no-peers        ours alone
  --profile FOLDER  leave a CPU profile of the service during ingest there
  --node=FLAG       a flag for the Node of the service, such as --node=--max-semi-space-size=64; repeatable
  --limit MINUTES   end after so long (default 20, with --full 600)
  --json            one line of JSON instead of a line a figure`;

/** @throws Error that names the option at fault */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      json: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      tiny: { type: "boolean", default: false },
      peers: { type: "boolean", default: true },
      profile: { type: "string" },
      node: { type: "string", multiple: true, default: [] },
      limit: { type: "string" },
    },
  });
  const unknown = positionals.filter((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(", ")}`);
  if (values.full && values.tiny) throw new Error("--full or --tiny, not both");
  const minutes = Number(values.limit ?? (values.full ? 600 : 20));
  if (!(minutes > 0 && minutes <= 1_440))
    throw new Error(`--limit ${values.limit}: give minutes from 1 to 1440`);
  return {
    json: values.json,
    parts: positionals.length === 0 ? PARTS : PARTS.filter((part) => positionals.includes(part)),
    size: values.full ? "full" : values.tiny ? "tiny" : "quick",
    peers: values.peers,
    profile: values.profile ?? null,
    node: values.node,
    limitMs: minutes * 60_000,
  };
}
