import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isQuickHost,
  isQuickNamespace,
  isQuickPush,
  isQuickSnapshot,
} from "../../../src/ingest/snapshots/quick.ts";
import { changedPart, host, namespace, push, snapshot } from "../../fuzz/targets/wire.ts";

/** That it takes nothing that the schema would refuse or read otherwise is among what is fuzzed. */
describe("the quick check", () => {
  test("takes what agents send", () => {
    expect([isQuickPush(push), isQuickHost(host)]).toEqual([true, true]);
    expect([isQuickNamespace(namespace), isQuickSnapshot(snapshot)]).toEqual([true, true]);
  });

  test("leaves to the schema what is rare", () => {
    for (const rare of [{ layouts: {} }, { capabilities: [] }, { goodbye: "leaving" }]) {
      expect(isQuickHost({ ...host, ...rare })).toBe(false);
    }
    expect(isQuickSnapshot({ ...snapshot, sysctls: {} })).toBe(false);
  });

  test.each([
    ["push", isQuickPush],
    ["host", isQuickHost],
    ["namespace", isQuickNamespace],
    ["snapshot", isQuickSnapshot],
  ] as const)("takes some of what a %s may become, and not all of it", (part, isQuick) => {
    const quick = fc.sample(changedPart(part), 2_000).filter((value) => isQuick(value)).length;
    expect(quick).toBeGreaterThan(100);
    expect(quick).toBeLessThan(2_000);
  });
});
