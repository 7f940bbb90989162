import { COUNTER_MAX, parseCounter } from "../../../src/protocol/count.ts";
import { parseDuration } from "../../../src/protocol/duration.ts";
import { type Place, ScriptError } from "./scenario.ts";

/** What happens to a host between two of its snapshots. */
export type Happening =
  | { readonly kind: "pause"; readonly ms: number }
  | { readonly kind: "clock step"; readonly ms: number }
  | {
      readonly kind:
        | "reboot"
        | "agent restart"
        | "agent lost its state"
        | "born"
        | "container restart"
        | "recreated"
        | "clone"
        | "original";
    };

/** `absent`: the kernel lacks the counter. `null`: it names it, and counts nothing. */
export type Cell = bigint | null | "absent";

/** One place of a series: a value, a snapshot that is missing, or what happens between two. */
export type Item =
  | { readonly kind: "value"; readonly cell: Cell }
  | { readonly kind: "missing" }
  | { readonly kind: "happening"; readonly happening: Happening };

const PLAIN: ReadonlySet<string> = new Set([
  "reboot",
  "agent restart",
  "agent lost its state",
  "born",
  "container restart",
  "recreated",
  "clone",
  "original",
]);

const LONGEST = 10_000;

/** The items of a line such as `0 0 12 _ [reboot] 3+2x5 absent`. @throws ScriptError */
export function parseItems(text: string, place: Place): Item[] {
  const items: Item[] = [];
  for (const [token] of text.matchAll(/\[[^\]]*\]?|[^\s[]+/g)) {
    items.push(...(token.startsWith("[") ? [happening(token, place)] : cells(token, place)));
    if (items.length > LONGEST) throw new ScriptError(place, `more than ${LONGEST} values`);
  }
  if (items.length === 0) throw new ScriptError(place, "no values");
  return items;
}

function happening(token: string, place: Place): Item {
  const words = /^\[\s*(.*?)\s*\]$/.exec(token)?.[1]?.replace(/\s+/g, " ");
  if (words === undefined) throw new ScriptError(place, `${token} has no closing bracket`);
  const timed = /^(pause|clock step) ([+-]?)(\S+)$/.exec(words);
  if (timed !== null) {
    const ms = parseDuration(timed[3] ?? "");
    if (ms === null)
      throw new ScriptError(place, `[${words}]: "${timed[3]}" is not a span of time such as 25m`);
    const kind = timed[1] as "pause" | "clock step";
    if (kind === "pause" && timed[2] !== "") throw new ScriptError(place, `[${words}]: a pause has no sign`);
    return { kind: "happening", happening: { kind, ms: timed[2] === "-" ? -ms : ms } };
  }
  if (PLAIN.has(words)) return { kind: "happening", happening: { kind: words } as Happening };
  throw new ScriptError(
    place,
    `[${words}] is none of [pause 25m], [clock step -6m], ${[...PLAIN].map((one) => `[${one}]`).join(", ")}`,
  );
}

/** `5`, `null`, `absent`, `_`, each also repeated (`5x3` is `5 5 5 5`), and `5+2x3`, which is `5 7 9 11`. */
function cells(token: string, place: Place): Item[] {
  const parts = /^(_|null|absent|[0-9]+)(?:([+-])([0-9]+))?(?:x([0-9]{1,5}))?$/.exec(token);
  if (parts === null || (parts[2] !== undefined && parts[4] === undefined)) {
    throw new ScriptError(place, `"${token}" is not a value: 12, 12+3x5, 12x5, _, null, absent`);
  }
  const [, first = "", sign, by = "0", times = "0"] = parts;
  if (first === "_") {
    // As often as it says: `_x3` are three that are missing, where `5x3` are three more of 5.
    const count = parts[4] === undefined ? 1 : Number(times);
    return Array.from({ length: count }, () => ({ kind: "missing" }));
  }
  if (first === "null" || first === "absent") {
    const cell: Cell = first === "null" ? null : "absent";
    return Array.from({ length: Number(times) + 1 }, () => ({ kind: "value", cell }));
  }
  if (parseCounter(first) === null) throw new ScriptError(place, `${first} is above 2^64-1`);
  const step = sign === "-" ? -BigInt(by) : BigInt(by);
  return Array.from({ length: Number(times) + 1 }, (_, index) => {
    const value = BigInt(first) + step * BigInt(index);
    if (value < 0n || value > COUNTER_MAX) throw new ScriptError(place, `"${token}" leaves 0 to 2^64-1`);
    return { kind: "value", cell: value };
  });
}
