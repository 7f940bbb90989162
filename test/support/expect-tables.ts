import { expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import {
  expectedCounters,
  expectedCoverage,
  expectedGauges,
  expectedListeners,
  type NamespaceHistory,
} from "./fleet-oracle.ts";
import { storedCounters, storedCoverage, storedGauges, storedListeners } from "./rollups.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Every table of the rollups is as the oracle has it. */
export async function expectTables(store: Store, fleet: readonly NamespaceHistory[]): Promise<void> {
  expect(await storedCounters(store, "minute")).toEqual(expectedCounters(fleet, MINUTE));
  expect(await storedCoverage(store, "minute")).toEqual(expectedCoverage(fleet, MINUTE));
  expect(await storedGauges(store, "minute")).toEqual(expectedGauges(fleet, MINUTE));
  expect(await storedListeners(store)).toEqual(expectedListeners(fleet));
  expect(await storedCounters(store, "hour")).toEqual(expectedCounters(fleet, HOUR));
  expect(await storedCoverage(store, "hour")).toEqual(expectedCoverage(fleet, HOUR));
  expect(await storedGauges(store, "hour")).toEqual(expectedGauges(fleet, HOUR));
}
