import { expect } from "vitest";
import { asQueryFault } from "../../src/graphql/query-fault.ts";
import { openStore } from "../../src/store/client.ts";
import { test } from "../support/postgres.ts";

test("a question that takes too long is ended by the server, and told as one that asks too much", async ({
  databaseUrl,
}) => {
  const store = openStore({
    url: databaseUrl,
    poolSize: 1,
    statementTimeoutMs: 50,
    applicationName: "test",
    onError: () => undefined,
  });
  try {
    const error = await store.db.$queryRaw`SELECT pg_sleep(30)::text`.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).not.toBeNull();
    expect(asQueryFault(error)).toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringMatching(/shorter range, a coarser step/),
    });
    expect(asQueryFault(new TypeError("ours"))).toBeInstanceOf(TypeError);
  } finally {
    await store.close();
  }
});
