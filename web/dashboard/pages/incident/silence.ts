import type { Cause } from "../../generated/documents.ts";
import type { Matcher } from "../../view/matchers.ts";

/** Matchers that hold for the incident and for those like it: all of its labels, and its cause. Pure. */
export function silenceMatchers({
  labels,
  cause,
}: {
  readonly labels: Readonly<Record<string, string>>;
  readonly cause: Cause;
}): Matcher[] {
  const own = Object.keys(labels).sort();
  return [
    { name: "cause", op: "EQ", value: cause },
    ...own.map((name): Matcher => ({ name, op: "EQ", value: labels[name] ?? "" })),
  ];
}
