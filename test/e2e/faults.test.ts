/**
 * The short form of `npm run test:faults`: some of its scenarios with a seed of the day, and that its checker sees what
 * is broken. docs/reliability.md has the long form.
 */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { Fleet } from "../faults/kit/agents.ts";
import { checkInvariants } from "../faults/kit/check.ts";
import { play } from "../faults/kit/play.ts";
import { World } from "../faults/kit/world.ts";
import { SCENARIOS } from "../faults/scenarios/all.ts";
import { withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const SEED = process.env.SPILLWAY_TEST_SEED ?? String(Date.now());
const SHORT = [1, 3, 5, 14];

describe.runIf(hasRedis)("a whole Spillway under faults", () => {
  test.each(SCENARIOS.filter(({ id }) => SHORT.includes(id)))(
    "$id: $title",
    async (scenario) => {
      const { violations, made } = await play(scenario, `${SEED}-${scenario.id}`, 8);
      expect(violations, `SPILLWAY_TEST_SEED=${SEED}`).toEqual([]);
      expect(made).toBeGreaterThan(100);
    },
    600_000,
  );

  test("what is lost, changed or counted wrongly is seen", async () => {
    const world = await World.open({ services: 1, workers: 1 });
    try {
      const { journal, urls, ingestToken: token } = world;
      const fleet = new Fleet({ seed: SEED, hosts: 4, token, urls, journal, durationMs: 20_000 });
      await waitFor("some snapshots", () => journal.acknowledged > 100);
      fleet.rest();
      await waitFor("the rest of them", () => fleet.waiting === 0);
      await fleet.stop();
      expect(await checkInvariants(world)).toEqual([]);

      const broken = async (statement: string) => {
        await withStore(world.databaseUrl, ({ db }) => db.$executeRawUnsafe(statement));
        return (await checkInvariants(world)).map(({ invariant }) => invariant);
      };
      const one = "(SELECT namespace_id, at FROM ts.snapshot ORDER BY at LIMIT 1)";
      expect(
        await broken(
          `UPDATE ts.snapshot SET values = set_byte(values, 0, 3) WHERE (namespace_id, at) IN ${one}`,
        ),
      ).toEqual(["I3"]);
      expect(await broken(`DELETE FROM ts.snapshot WHERE (namespace_id, at) IN ${one}`)).toEqual(["I1"]);
      const more = await broken(
        "UPDATE ts.rollup_minute SET total = total + 1 WHERE bucket = (SELECT max(bucket) FROM ts.rollup_minute)",
      );
      expect(more).toEqual(["I1", "I4"]);
      journal.statuses.set("500", 1);
      journal.refused.set("CONFLICT", 1);
      world.peakMb.set("serve", 4_000);
      expect((await checkInvariants(world)).map(({ invariant }) => invariant)).toEqual([
        "I1",
        "I4",
        "I11",
        "I11",
        "I9",
      ]);
    } finally {
      await world.close();
    }
  }, 600_000);
});
