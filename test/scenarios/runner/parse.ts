import { parseDuration } from "../../../src/protocol/duration.ts";
import { COUNTER_NAME } from "../../../src/protocol/limits.ts";
import {
  type Expectation,
  type Expected,
  nameOf,
  type Place,
  type Scenario,
  ScriptError,
  sameTarget,
  type Target,
} from "./scenario.ts";
import { parseItems } from "./series.ts";
import { samplesOf, type Table } from "./timeline.ts";

interface Outage extends Place {
  readonly host: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Reads a scenario file. @throws ScriptError, which names file and line */
export function parseScenario(file: string, text: string): Scenario {
  const tables: (Table & { rows: Table["rows"][number][] })[] = [];
  const outages: Outage[] = [];
  const narrow = new Set<string>();
  const lines: { readonly place: Place; readonly text: string }[] = [];
  let title = "";
  text.split("\n").forEach((raw, index) => {
    const comment = /^\s*#\s*(.*)$/.exec(raw)?.[1];
    if (title === "" && comment !== undefined) title = comment;
    const line = raw.replace(/#.*$/, "").trim();
    if (line !== "") lines.push({ place: { file, line: index + 1 }, text: line });
  });
  if (title === "") throw new ScriptError({ file, line: 1 }, "begin with a comment that says what happens");

  for (const { text: line } of lines) {
    const host = /^host (\S+) has 32-bit counters$/.exec(line)?.[1];
    if (host !== undefined) narrow.add(host);
  }
  const expectations: Omit<Expectation, "everyMs">[] = [];
  for (const { place, text: line } of lines) {
    const [word] = line.split(/\s+/, 1);
    switch (word) {
      case "every":
        addSeries(tables, narrow, line, place);
        break;
      case "outage":
        outages.push(parseOutage(line, place));
        break;
      case "at":
        expectations.push(parseExpectation(line, place));
        break;
      default:
        if (/^host \S+ has 32-bit counters$/.test(line)) break;
        throw new ScriptError(place, `"${word}" begins no statement: every, outage, host, at`);
    }
  }

  const samples = tables.flatMap(samplesOf);
  for (const { host, fromMs, toMs, ...place } of outages) {
    const held = samples.filter(
      (one) => one.target.host === host && one.realMs > fromMs && one.realMs <= toMs,
    );
    if (held.length === 0) throw new ScriptError(place, `${host} has no snapshot in the outage`);
    for (const one of held) one.deliveredMs = toMs;
  }
  if (expectations.length === 0) throw new ScriptError({ file, line: 1 }, "nothing is expected");
  return {
    file,
    title,
    samples,
    expectations: expectations.map((one) => {
      const table = tables.find(({ target }) => sameTarget(target, one.target));
      if (table === undefined) throw new ScriptError(one.place, `there is no ${nameOf(one.target)} above`);
      const { expected } = one;
      if ("counter" in expected && !table.rows.some((row) => row.counter === expected.counter)) {
        throw new ScriptError(one.place, `${nameOf(one.target)} has no ${expected.counter}`);
      }
      return { ...one, everyMs: table.everyMs };
    }),
  };
}

function addSeries(
  tables: (Table & { rows: Table["rows"][number][] })[],
  narrow: ReadonlySet<string>,
  line: string,
  place: Place,
): void {
  const parts = /^every (\S+)(?: from (\S+))? (\S+\/\S+)\s+(.*)$/.exec(line);
  if (parts === null)
    throw new ScriptError(place, "write: every 10s [from 1m] web-1/TcpExtListenOverflows 0 0 12");
  const [, every = "", from = "0s", name = "", values = ""] = parts;
  const { target, counter } = parseSeriesName(name, place);
  const [everyMs, fromMs] = [duration(every, place), duration(from, place)];
  let table = tables.find((one) => sameTarget(one.target, target));
  if (table === undefined) {
    table = { target, everyMs, fromMs, wordSize: narrow.has(target.host) ? 32 : 64, rows: [] };
    tables.push(table);
  }
  if (table.everyMs !== everyMs || table.fromMs !== fromMs) {
    throw new ScriptError(place, `${nameOf(target)} has snapshots at other times, by its first line`);
  }
  if (table.rows.some((row) => row.counter === counter))
    throw new ScriptError(place, `${name} is there already`);
  table.rows.push({ counter, items: parseItems(values, place), place });
}

function parseOutage(line: string, place: Place): Outage {
  const parts = /^outage of (\S+) from (\S+) to (\S+)$/.exec(line);
  if (parts === null) throw new ScriptError(place, "write: outage of web-1 from 1m to 4m");
  const [, host = "", from = "", to = ""] = parts;
  return { ...place, host, fromMs: duration(from, place), toMs: duration(to, place) };
}

function parseExpectation(line: string, place: Place): Omit<Expectation, "everyMs"> {
  const parts = /^at (\S+) expect (no )?(increase|rate|reset|gap) (\S+)(?: (.*))?$/.exec(line);
  if (parts === null) {
    throw new ScriptError(place, "write: at 1m expect increase|rate|reset|gap, see README.md");
  }
  const [, at = "", no, what, name = "", rest = ""] = parts;
  const common = { place, text: line, atMs: duration(at, place) };
  if (what === "reset" || what === "gap") {
    const target = parseTarget(name);
    return { ...common, target, expected: parseEvent(what, no !== undefined, rest, place) };
  }
  if (no !== undefined) throw new ScriptError(place, `write: expect ${what} ${name} none`);
  const { target, counter } = parseSeriesName(name, place);
  return { ...common, target, expected: parseMeasure(what as "increase" | "rate", counter, rest, place) };
}

function parseMeasure(what: "increase" | "rate", counter: string, rest: string, place: Place): Expected {
  if (what === "rate") {
    const value = /^(none|[0-9]+(?:\.[0-9]+)?)$/.exec(rest)?.[1];
    if (value === undefined) throw new ScriptError(place, `a rate is a number or none, not "${rest}"`);
    return { what, counter, value: value === "none" ? null : Number(value) };
  }
  const parts = /^(none|[0-9]+)(?: over (\S+))?$/.exec(rest);
  if (parts === null) throw new ScriptError(place, `an increase is a whole number or none, not "${rest}"`);
  const [, value = "", over] = parts;
  return {
    what,
    counter,
    value: value === "none" ? null : BigInt(value),
    overMs: over === undefined ? null : duration(over, place),
  };
}

function parseEvent(what: "reset" | "gap", no: boolean, rest: string, place: Place): Expected {
  if (no && rest !== "") throw new ScriptError(place, `"${rest}" after "expect no ${what}"`);
  if (what === "reset") {
    if (no) return { what, atMs: null };
    const at = /^at (\S+)$/.exec(rest)?.[1];
    if (at === undefined) throw new ScriptError(place, "write: expect reset web-1 at 40s");
    return { what, atMs: duration(at, place) };
  }
  if (no) return { what, span: null };
  const parts = /^from (\S+) to (\S+)$/.exec(rest);
  if (parts === null) throw new ScriptError(place, "write: expect gap web-1 from 20s to 5m");
  return { what, span: { fromMs: duration(parts[1] ?? "", place), toMs: duration(parts[2] ?? "", place) } };
}

/** `web-1/TcpExtListenOverflows` of the root, `web-1/shop/TcpExtListenOverflows` of the namespace shop. */
function parseSeriesName(name: string, place: Place): { readonly target: Target; readonly counter: string } {
  const counter = name.slice(name.lastIndexOf("/") + 1);
  const owner = name.slice(0, name.lastIndexOf("/"));
  if (owner === "" || owner.split("/").length > 2 || !COUNTER_NAME.test(counter)) {
    throw new ScriptError(place, `"${name}" is not host/counter or host/namespace/counter`);
  }
  return { target: parseTarget(owner), counter };
}

function parseTarget(name: string): Target {
  const [host = "", namespace] = name.split("/");
  return { host, namespace: namespace ?? null };
}

function duration(text: string, place: Place): number {
  const ms = parseDuration(text);
  if (ms === null) throw new ScriptError(place, `"${text}" is not a span of time such as 10s, 4m or 25h`);
  return ms;
}
