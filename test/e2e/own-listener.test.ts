/** The service's own listen queue in its own product, as `npm start` has it: by its kernel, and by the agent beside it. */
import { hostname } from "node:os";
import { afterEach, expect, test } from "vitest";
import { ask, dataFolder, endOwnServices, run } from "../support/own-service.ts";
import { waitFor } from "../support/wait.ts";

afterEach(endOwnServices);

const QUERY = `{ system { listener {
  address port acceptQueue backlog somaxconn overflows drops
  listener { port backlog owner host { name } }
} } }`;

interface Answer {
  readonly system: {
    readonly listener: {
      readonly port: number;
      readonly acceptQueue: number;
      readonly backlog: number;
      readonly somaxconn: number;
      readonly overflows: number;
      readonly drops: number;
      readonly listener: { readonly port: number; readonly backlog: number; readonly host: object } | null;
    } | null;
  };
}

test("it is shown at once, and as a listener of this host once the agent has told of it", async () => {
  const dataDir = await dataFolder();
  const service = run(dataDir);
  const url = await service.ready();
  const own = async () => ((await ask(url, dataDir, QUERY)) as Answer).system.listener;

  const shown = await own();
  expect(shown).toMatchObject({ address: "127.0.0.1", port: Number(new URL(url).port) });
  expect(shown?.backlog).toBe(Math.min(4_096, shown?.somaxconn ?? 0));
  for (const count of [shown?.acceptQueue, shown?.overflows, shown?.drops]) {
    expect(count).toBeGreaterThanOrEqual(0);
  }

  // Known to the registry of listeners when the agent's first minute is rolled up.
  const seen = await waitFor("the agent to have told of it", async () => (await own())?.listener, {
    timeoutMs: 150_000,
  });
  expect(seen).toMatchObject({ port: shown?.port, host: { name: hostname() } });
  // Without ss or tcp_diag an agent does not see limits.
  if (seen.backlog !== null) expect(seen.backlog).toBe(shown?.backlog);
});
