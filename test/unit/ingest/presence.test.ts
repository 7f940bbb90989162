import { expect, test } from "vitest";
import { Presence } from "../../../src/ingest/presence.ts";
import type { Db } from "../../../src/store/client.ts";
import type { HostSeen } from "../../../src/store/host-status.ts";
import { createLog } from "../../../src/telemetry/log.ts";

/** Takes statements, and keeps their values. */
function fakeDb() {
  const statements: unknown[][] = [];
  const take = (_text: TemplateStringsArray, ...values: unknown[]) => {
    statements.push(values);
    return Promise.resolve(0);
  };
  return { statements, db: { $executeRaw: take, $queryRaw: take } as unknown as Db };
}

test("of the sections of one push the last holds, which is of the newest epoch and has the health", async () => {
  const { db, statements } = fakeDb();
  const presence = new Presence(db, createLog("silent"));
  const seen: HostSeen = {
    ...{ hostId: 7, lastSeen: 1_795_000_000_000, epochId: 1, everyMs: 10_000 },
    ...{ agentVersion: "1", clockSkewMs: 0, health: null },
  };
  presence.saw(seen);
  presence.saw({ ...seen, epochId: 2, health: { spoolDepth: 3 } });
  presence.saw({ ...seen, lastSeen: seen.lastSeen - 1, epochId: 3 });
  await presence.flush();
  const [hostIds, , epochIds, , , , healths] = statements[0] ?? [];
  expect([hostIds, epochIds, healths]).toEqual([[7], [2], ['{"spoolDepth":3}']]);
});
