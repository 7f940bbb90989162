import { describe } from "vitest";
import { openStore, type Store } from "../../src/store/client.ts";
import { checkScenario } from "../scenarios/runner/check.ts";
import { readScenarios } from "../scenarios/runner/files.ts";
import { onPostgres } from "../scenarios/runner/on-postgres.ts";
import { test as base } from "../support/postgres.ts";

const test = base.extend<{ store: Store }>({
  store: async ({ databaseUrl }, use) => {
    const store = openStore({
      url: databaseUrl,
      poolSize: 4,
      statementTimeoutMs: 20_000,
      applicationName: "test",
      onError: () => undefined,
    });
    await use(store);
    await store.close();
  },
});

describe("scenarios on the store", () => {
  for (const scenario of readScenarios()) {
    test(scenario.file, async ({ store }) => {
      await checkScenario(scenario, onPostgres(store.db, scenario, Math.random));
    });
  }
});
