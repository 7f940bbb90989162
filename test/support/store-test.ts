/** Tests against a store of their own: a migrated database and a pool. */
import type { Store } from "../../src/store/client.ts";
import { test as base } from "./postgres.ts";
import { openTestStore } from "./rollups.ts";

export const test = base.extend<{ store: Store }>({
  store: async ({ databaseUrl }, use) => {
    const store = openTestStore(databaseUrl);
    await use(store);
    await store.close();
  },
});
