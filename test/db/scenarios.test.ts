import { describe } from "vitest";
import { checkScenario } from "../scenarios/runner/check.ts";
import { readScenarios } from "../scenarios/runner/files.ts";
import { onPostgres } from "../scenarios/runner/on-postgres.ts";
import { test } from "../support/store.ts";

describe("scenarios on the store", () => {
  for (const scenario of readScenarios()) {
    test(scenario.file, async ({ store }) => {
      await checkScenario(scenario, onPostgres(store.db, scenario, Math.random));
    });
  }
});
