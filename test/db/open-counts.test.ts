/** Open incidents are counted all of them, however many there are. */
import { expect } from "vitest";
import { openIncidentCounts } from "../../src/store/incidents/open-counts.ts";
import { judge, recover } from "../support/incidents.ts";
import { test } from "../support/store.ts";

test("by a label, severity and cause, without those that are resolved", async ({ store: { db } }) => {
  await judge(db);
  await judge(db, { dedupKey: "db slow", severity: "MINOR", labels: { role: "db" } });
  await judge(db, { dedupKey: "nobody's", labels: {} });
  await judge(db, { dedupKey: "over" });
  await recover(db, { dedupKey: "over" });
  const [like] = await db.incident.findMany({ where: { dedupKey: "web slow" } });
  if (like === undefined) throw new Error("there is no incident");
  const { id: _id, diagnosis: _diagnosis, labels: _labels, ...same } = like;
  await db.incident.createMany({
    data: Array.from({ length: 600 }, (_, index) => ({
      ...same,
      labels: { role: "web" },
      dedupKey: `web slow ${index}`,
    })),
  });
  const cause = "APPLICATION_SLOW";
  expect(await openIncidentCounts(db, "role")).toEqual([
    { value: "", severity: "MAJOR", cause, count: 1 },
    { value: "db", severity: "MINOR", cause, count: 1 },
    { value: "web", severity: "MAJOR", cause, count: 601 },
  ]);
});
