/** Hosts that are new wait for their turn; those that are known do not wait behind them. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { Admission } from "../../src/ingest/admission.ts";
import { Facts } from "../../src/ingest/facts.ts";
import { Presence } from "../../src/ingest/presence.ts";
import { Registry } from "../../src/ingest/registry.ts";
import { snapshotsHandler } from "../../src/ingest/snapshots/handler.ts";
import { Actors } from "../../src/store/actors.ts";
import type { Store } from "../../src/store/client.ts";
import { keepToken, newSecret } from "../../src/store/tokens.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { committer } from "../support/compacted-store.ts";
import { push, TestHost } from "../support/pushes.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

const unlimited = {
  push: async () => undefined,
  mayGuess: async () => undefined,
  stranger: async () => undefined,
};

/** The handler on a server of its own, with its door in the test's hands. */
async function serve(store: Store, admission: Admission) {
  const { db } = store;
  const log = createLog("silent");
  const now = Date.now;
  const metrics = new Metrics();
  const presence = new Presence(db, log);
  const secret = newSecret();
  await keepToken(db, secret, { name: "ingest", scopes: ["ingest"] });
  const handler = snapshotsHandler({
    registry: new Registry(db),
    commit: committer(store, metrics),
    presence,
    facts: new Facts(db, presence, now),
    admission,
    actors: new Actors({ db, now, onError: () => undefined }),
    limits: unlimited,
    addressOf: () => "127.0.0.1",
    log,
    metrics,
    now,
    stopping: () => false,
    oldestAcceptedMs: 6 * 86_400_000,
    agentConfig: { intervalMs: 10_000, jitterMs: 0 },
  });
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    send: async (host: TestHost) => {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
        body: JSON.stringify(push(host.section([host.snapshot(Date.now(), [1, 2, 3])]))),
      });
      return ((await response.json()) as { results: { status: string }[] }).results.map(
        ({ status }) => status,
      );
    },
    metrics: () => metrics.registry.metrics(),
    stop: async () => {
      await presence.flush();
      server.close();
    },
  };
}

test("a push of a known host waits for no new ones, and those are answered in their turn", async ({
  store,
}) => {
  const admission = new Admission();
  const { send, metrics, stop } = await serve(store, admission);
  const known = new TestHost();
  expect(await send(known)).toEqual(["stored"]);

  // As many as may be within, at something that takes long.
  let leave: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const within = Array.from({ length: 64 }, () => admission.run(100, () => left));
  const answers = [new TestHost(), new TestHost()].map(send);
  await waitFor("both to wait", () => admission.waiting === 2);
  expect(await send(known)).toEqual(["stored"]);
  expect(admission.waiting).toBe(2);
  expect(await metrics()).toMatch(/ingest_waiting_pushes 2/);
  leave();
  expect(await Promise.all(answers)).toEqual([["stored"], ["stored"]]);
  await Promise.all(within);
  expect(admission.waiting).toBe(0);
  await stop();
});
