import type { HostRecord } from "./directory.ts";
import type { EventRecord } from "./events.ts";
import { type LabelMatcher, labelPredicate } from "./host-filter.ts";
import { currentLabels, type LabelSpan, type Labels, type LabelsOverTime } from "./queries/groups.ts";

/**
 * The events that concern any of some hosts: whose matchers meet the labels that the host had at a moment of the
 * event. The name `host` stands for a host's own name, where it has no label of that name.
 *
 * @param labelsOf over all time
 */
export function concerning<T extends Pick<EventRecord, "at" | "until" | "matchers">>(
  events: readonly T[],
  hosts: readonly HostRecord[],
  labelsOf: LabelsOverTime,
): T[] {
  const tests = new Map<string, LabelTest>();
  return events.filter(({ matchers, at, until }) => {
    if (matchers.length === 0) return true;
    const key = JSON.stringify(matchers);
    const meets = tests.get(key) ?? labelTest(matchers);
    tests.set(key, meets);
    return hosts.some((host) =>
      spansDuring(host, labelsOf, at, until ?? at).some((span) => meets(host, span)),
    );
  });
}

/** The labels that a host had at any moment of a time; before it was first seen it is taken to have had its first. */
function spansDuring(
  host: HostRecord,
  labelsOf: LabelsOverTime,
  from: number,
  to: number,
): readonly LabelSpan[] {
  const known = labelsOf(host);
  if (known.length === 0) return currentLabels(host);
  return known.filter(({ from: since }, index) => {
    const next = known[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    return next > from && (index === 0 || since <= to);
  });
}

type LabelTest = (host: HostRecord, span: LabelSpan) => boolean;

/** Each value is tested once: many hosts share the values of a label. */
function labelTest(matchers: readonly LabelMatcher[]): LabelTest {
  const tests = matchers.map((matcher) => {
    const meets = labelPredicate([{ ...matcher, name: "value" }]);
    const known = new Map<string, boolean>();
    return (host: HostRecord, labels: Labels) => {
      const value = labelValue(host, labels, matcher.name);
      const met = known.get(value) ?? meets(() => value);
      known.set(value, met);
      return met;
    };
  });
  return (host, { labels }) => tests.every((test) => test(host, labels));
}

function labelValue(host: HostRecord, labels: Labels, name: string): string {
  if (Object.hasOwn(labels, name)) return labels[name] ?? "";
  return name === "host" ? host.name : "";
}
