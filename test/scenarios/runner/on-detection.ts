/** Scripts of test/scenarios/detection: what happens to one host, and what detection makes of it. */
import { expect } from "vitest";
import { CAUSES } from "../../../src/detect/diagnosis/cause.ts";
import { MEASURE_NAMES, type Measure } from "../../../src/detect/diagnosis/measures.ts";
import type { ObservedListener } from "../../../src/detect/diagnosis/window.ts";
import { loadOf, MINUTE_MS } from "../../unit/detect/support/load.ts";
import { INTERVAL_MS, Pipeline } from "../../unit/detect/support/pipeline.ts";
import { type Counts, listener } from "../../unit/detect/support/windows.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: MINUTE_MS, h: 3_600_000, d: 86_400_000 };
const LIMIT = 16;
const QUEUES: Readonly<Record<string, Partial<ObservedListener>>> = {
  empty: {},
  bursting: { samplesFull: 2, peakQueue: LIMIT + 1, weight: 30 },
  full: { samplesFull: 55, peakQueue: LIMIT + 1, firstQueue: LIMIT + 1, lastQueue: LIMIT + 1, weight: 300 },
};

interface State {
  readonly host: Pipeline;
  readonly load: (at: number) => number;
  /** How many flags there were before the last thing that happened. */
  flagsBefore: number;
}

/** Runs a script; a line at fault, or an expectation that does not hold, is told with file and line. */
export function runDetection(file: string, text: string): void {
  const load = loadOf(file, { perMinute: 600, amplitude: 0.5, weekend: 0.6 });
  const state: State = { host: new Pipeline(), load, flagsBefore: 0 };
  text.split("\n").forEach((line, index) => {
    const words = line.replace(/#.*/, "").trim();
    if (words === "") return;
    const where = `${file}:${index + 1}: ${words}`;
    if (words.startsWith("expect ")) expectation(state, words.slice("expect ".length), where);
    else happening(state, words.split(/\s+/), where);
  });
}

function happening(state: State, [verb = "", first = "", ...rest]: string[], where: string): void {
  const { host, load } = state;
  const accepted = (at: number) => Math.round((load(at) * INTERVAL_MS) / MINUTE_MS);
  state.flagsBefore = host.flags.length;
  switch (verb) {
    case "quiet":
      host.learn(spanOf(first, where) / MINUTE_MS, (at) => ({ accepted: load(at) }));
      return;
    case "for": {
      const { counts, queue } = movesOf(rest, where);
      const seen = [listener({ limit: LIMIT, ...queue })];
      host.run(spanOf(first, where) / INTERVAL_MS, (at) => ({ accepted: accepted(at), ...counts }), seen);
      return;
    }
    case "announce": {
      const until = rest[0] === "for" ? host.at + spanOf(rest[1] ?? "", where) : null;
      host.events.push({ kind: first, at: host.at, until });
      return;
    }
    case "silent": {
      const intervals = spanOf(first, where) / INTERVAL_MS;
      if (rest[0] === undefined) host.silence(intervals);
      else if (rest[0] === "ephemeral") host.silence(intervals, { ephemeral: true });
      else host.silence(intervals, { goodbye: { kind: goodbyeOf(rest[0], where), at: host.at } });
      return;
    }
    default:
      throw new Error(`${where}: "${verb}" is none of quiet, for, announce, silent, expect`);
  }
}

function expectation({ host, flagsBefore }: State, said: string, where: string): void {
  const opened = host.transitions.filter(({ kind }) => kind === "opened");
  const causes = [...host.book.incidents.values()].map(({ cause }) => cause);
  const remedies = host.diagnoses.at(-1)?.remedies.join(" ") ?? "";
  const flagged = host.flags.length > flagsBefore;
  if (said === "flagged") expect(flagged, where).toBe(true);
  else if (said === "nothing flagged") expect(flagged, where).toBe(false);
  else if (said === "no incident") expect(opened, where).toEqual([]);
  else {
    const [what = "", ...rest] = said.split(" ");
    const value = rest.join(" ");
    if (what === "incident") {
      expect(causes, where).toEqual([known(value, where)]);
      expect(opened, where).toHaveLength(1);
    } else if (what === "cause") expect(host.diagnoses.at(-1)?.cause, where).toBe(known(value, where));
    else if (what === "remedy") expect(remedies, where).toContain(value);
    else throw new Error(`${where}: this cannot be expected`);
  }
}

/** `overflows 30 drops 30 queue full` */
function movesOf(
  words: readonly string[],
  where: string,
): { counts: Counts; queue: Partial<ObservedListener> } {
  const counts: Record<string, number> = {};
  let queue = QUEUES.empty ?? {};
  for (let index = 0; index < words.length; index += 2) {
    const [name = "", value = ""] = words.slice(index, index + 2);
    const found = name === "queue" ? QUEUES[value] : undefined;
    if (found !== undefined) queue = found;
    else if (MEASURE_NAMES.includes(name as Measure) && /^\d+$/.test(value)) counts[name] = Number(value);
    else throw new Error(`${where}: "${name} ${value}" is no count of an interval, and no queue`);
  }
  return { counts, queue };
}

function spanOf(text: string, where: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (unit === undefined) throw new Error(`${where}: "${text}" is no span of time: write 10s, 5m, 2h or 30d`);
  return Number(count) * (UNITS[unit] ?? 0);
}

function goodbyeOf(word: string, where: string): "leaving" | "restarting" {
  if (word === "leaving" || word === "restarting") return word;
  throw new Error(`${where}: a host that is silent said "leaving" or "restarting", or is "ephemeral"`);
}

function known(cause: string, where: string): string {
  if ((CAUSES as readonly string[]).includes(cause)) return cause;
  throw new Error(`${where}: ${cause} is no cause`);
}
