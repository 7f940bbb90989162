/** Tests of the store: each has a migrated database of its own, and a pool to it. */
import type { Store } from "../../src/store/client.ts";
import { openTestStore } from "./open-store.ts";
import { test as base } from "./postgres.ts";

export { openTestStore };

export const test = base.extend<{ store: Store }>({
  store: async ({ databaseUrl }, use) => {
    const store = openTestStore(databaseUrl);
    await use(store);
    await store.close();
  },
});
