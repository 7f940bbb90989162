/** The store as tests open it; free of Vitest, for the processes that tests start. */
import { openStore, type Store } from "../../src/store/client.ts";

export function openTestStore(url: string, poolSize = 6): Store {
  return openStore({
    url,
    poolSize,
    statementTimeoutMs: 20_000,
    applicationName: "test",
    onError: () => undefined,
  });
}
