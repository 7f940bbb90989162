import { type Expectation, type Scenario, ScriptError, type Target } from "./scenario.ts";

/** Times in ms from the scenario's start; `from` is outside of a range, `to` within. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is checked: it is told the snapshots as they are delivered, and asked in between. */
export interface Subject {
  /** Takes what has been delivered until then, on the real clock. */
  deliver(untilMs: number): Promise<void>;
  increase(target: Target, counter: string, range: Range): Promise<bigint | null>;
  /** Of the interval that ends with the range. */
  rate(target: Target, counter: string, range: Range): Promise<number | null>;
  events(target: Target, range: Range): Promise<Events>;
}

export interface Events {
  readonly resets: readonly number[];
  readonly gaps: readonly Range[];
}

/** "Since the start" begins here: a clock that is set back dates snapshots before the scenario's start. */
export const SINCE_MS = -3_600_000;

/** Asks a subject everything that a scenario expects, in the order of time. @throws Error that names each line that does not hold */
export async function checkScenario(scenario: Scenario, subject: Subject): Promise<void> {
  const faults: string[] = [];
  const inTime = [...scenario.expectations].sort((a, b) => a.atMs - b.atMs);
  for (const expectation of inTime) {
    await subject.deliver(expectation.atMs);
    const fault = await check(expectation, subject);
    if (fault !== null)
      faults.push(new ScriptError(expectation.place, `${expectation.text}\n  but ${fault}`).message);
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

/** What is otherwise than expected; null when nothing is. */
async function check(
  { target, atMs, everyMs, expected }: Expectation,
  subject: Subject,
): Promise<string | null> {
  switch (expected.what) {
    case "increase": {
      const fromMs = expected.overMs === null ? SINCE_MS : atMs - expected.overMs;
      const value = await subject.increase(target, expected.counter, { fromMs, toMs: atMs });
      return value === expected.value ? null : `it is ${value ?? "none"}`;
    }
    case "rate": {
      const value = await subject.rate(target, expected.counter, { fromMs: atMs - everyMs, toMs: atMs });
      const same =
        value === null || expected.value === null
          ? value === expected.value
          : Math.abs(value - expected.value) <= 1e-9 * Math.max(1, expected.value);
      return same ? null : `it is ${value ?? "none"}`;
    }
    case "reset": {
      const { resets } = await subject.events(target, { fromMs: SINCE_MS, toMs: atMs });
      const holds = expected.atMs === null ? resets.length === 0 : resets.includes(expected.atMs);
      return holds ? null : `resets are at: ${resets.map(seconds).join(", ") || "no time"}`;
    }
    case "gap": {
      const { gaps } = await subject.events(target, { fromMs: SINCE_MS, toMs: atMs });
      const { span } = expected;
      const holds =
        span === null
          ? gaps.length === 0
          : gaps.some(({ fromMs, toMs }) => fromMs === span.fromMs && toMs === span.toMs);
      return holds
        ? null
        : `gaps are: ${gaps.map(({ fromMs, toMs }) => `${seconds(fromMs)} to ${seconds(toMs)}`).join(", ") || "none"}`;
    }
  }
}

function seconds(ms: number): string {
  return `${ms / 1_000}s`;
}
