/** Tests of the store: each has a migrated database of its own, and a pool to it. */
import { openStore, type Store } from "../../src/store/client.ts";
import { test as base } from "./postgres.ts";

export function openTestStore(url: string, poolSize = 6): Store {
  return openStore({
    url,
    poolSize,
    statementTimeoutMs: 20_000,
    applicationName: "test",
    onError: () => undefined,
  });
}

export const test = base.extend<{ store: Store }>({
  store: async ({ databaseUrl }, use) => {
    const store = openTestStore(databaseUrl);
    await use(store);
    await store.close();
  },
});
