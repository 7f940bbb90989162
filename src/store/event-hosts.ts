import type { HostRecord } from "./directory.ts";
import type { EventRecord } from "./events.ts";
import { type LabelMatcher, labelPredicate } from "./host-filter.ts";
import type { LabelSpan, Labels, LabelsOverTime } from "./queries/groups.ts";

/**
 * The events that concern any of some hosts: whose matchers meet the labels that the host had at a moment of the
 * event. The name `host` stands for a host's own name, where it has no label of that name.
 *
 * @param labelsOf over a time that holds all the events
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
      labelsOf(host).some(
        (span, index, spans) => touches(span, spans[index + 1], at, until) && meets(host, span),
      ),
    );
  });
}

/** Whether labels that held until the next ones did so at a moment of `at` to `until`. */
function touches(span: LabelSpan, next: LabelSpan | undefined, at: number, until: number | null): boolean {
  // Before a host was first seen it is taken to have had its first labels.
  return span.from <= (until ?? at) && (next === undefined || next.from > at);
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
