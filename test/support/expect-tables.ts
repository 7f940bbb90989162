import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import {
  expectedCounters,
  expectedCoverage,
  expectedGauges,
  expectedListeners,
  type NamespaceHistory,
} from "./fleet-oracle.ts";
import { storedCounters, storedCoverage, storedGauges, storedListeners } from "./stored-rollups.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * Every table of the rollups is as the oracle has it.
 *
 * @param before where others are there too, later than the fleet: what is compared, ms since 1970
 */
export async function expectTables(
  store: Store,
  fleet: readonly NamespaceHistory[],
  before = Number.POSITIVE_INFINITY,
): Promise<void> {
  const expectEarly = <T>(stored: ReadonlyMap<string, T>, expected: ReadonlyMap<string, unknown>) =>
    expect(new Map([...stored].filter(([key]) => Number(key.split(" ").at(-1)) < before))).toEqual(expected);
  expectEarly(await storedCounters(store, "minute"), expectedCounters(fleet, MINUTE));
  expectEarly(await storedCoverage(store, "minute"), expectedCoverage(fleet, MINUTE));
  expectEarly(await storedGauges(store, "minute"), expectedGauges(fleet, MINUTE));
  expectEarly(await storedListeners(store), expectedListeners(fleet));
  expectEarly(await storedCounters(store, "hour"), expectedCounters(fleet, HOUR));
  expectEarly(await storedCoverage(store, "hour"), expectedCoverage(fleet, HOUR));
  expectEarly(await storedGauges(store, "hour"), expectedGauges(fleet, HOUR));
}
