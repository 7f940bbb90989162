import type { HostSection } from "../../../src/protocol/message.ts";
import type { Clients, Episode, Signature } from "./episode.ts";

/** What the counters of a host grew by from its first snapshot to its last, by full name. */
export function increasesOver(sections: readonly HostSection[]): ReadonlyMap<string, number> {
  const names = new Map<string, readonly string[]>();
  for (const { layouts } of sections) {
    for (const [hash, list] of Object.entries(layouts ?? {})) names.set(hash, list);
  }
  const snapshots = sections.flatMap((section) => section.snapshots);
  const [first, last] = [snapshots[0], snapshots.at(-1)];
  const layout = names.get(first?.layout ?? "");
  if (first === undefined || last === undefined || layout === undefined || last.layout !== first.layout) {
    throw new Error(
      "cannot tell increases: there must be snapshots, all of one layout whose names were sent",
    );
  }
  return new Map(
    layout.map((name, index) => [name, Number(last.values[index] ?? 0) - Number(first.values[index] ?? 0)]),
  );
}

/** What does not fit the signature of the episode, in words; empty where all fits. */
export function misfits(
  { signature, lostShare = [0, 0] }: Episode,
  sections: readonly HostSection[],
  { attempted, lost }: Clients,
): string[] {
  const increases = increasesOver(sections);
  const measured = Object.entries(signature).map(([key, range]) => ({
    key,
    range,
    value: evaluate(key, increases),
  }));
  const share = attempted === 0 ? 0 : lost / attempted;
  measured.push({ key: `clients lost (${lost} of ${attempted})`, range: lostShare, value: share });
  return measured
    .filter(({ range: [least, most], value }) => !(value >= least && value <= most))
    .map(({ key, range, value }) => `${key} is ${value}, not within ${range.join(" to ")}`);
}

const OPERATIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "/": (a, b) => a / b,
  "-": (a, b) => a - b,
  "+": (a, b) => a + b,
};

/** `TcpExtListenDrops`, or two of them with an operation between. */
function evaluate(key: keyof Signature, increases: ReadonlyMap<string, number>): number {
  const [left = "", operation, right = ""] = key.split(" ");
  const of = (name: string) => increases.get(name) ?? Number.NaN;
  if (operation === undefined) return of(left);
  return OPERATIONS[operation]?.(of(left), of(right)) ?? Number.NaN;
}
