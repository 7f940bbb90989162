/**
 * The short form of `npm run test:faults`: two of its scenarios, which the seed of the day chooses, and that its checker
 * sees what is broken. docs/reliability.md has the long form.
 */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { randomOf } from "../../src/demo/random.ts";
import { Fleet } from "../faults/kit/agents.ts";
import { checkInvariants } from "../faults/kit/check.ts";
import { play } from "../faults/kit/play.ts";
import { World } from "../faults/kit/world.ts";
import { SCENARIOS } from "../faults/scenarios/all.ts";
import { lacking } from "../faults/scenarios/scenario.ts";
import { withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
/** The same all day long, so that a failure can be looked at again. */
const SEED = process.env.SPILLWAY_TEST_SEED ?? new Date().toISOString().slice(0, 10);
/** Faults that last longer are left to the long form. */
const SHORT_MS = 40_000;
/** Not on a machine of their own, as the long form is. */
const RECOVERY_MS = 180_000;
const short = SCENARIOS.filter((one) => one.durationMs <= SHORT_MS && lacking(one) === null);
const random = randomOf(SEED);
const ofTheDay = short
  .map((scenario) => ({ scenario, key: random() }))
  .sort((a, b) => a.key - b.key)
  .slice(0, 2)
  .map(({ scenario }) => scenario);

describe.runIf(hasRedis)("a whole Spillway under faults", () => {
  // They wait most of the time.
  test.concurrent.each(ofTheDay)(
    "$id: $title",
    async (scenario) => {
      const { violations, made } = await play(scenario, SEED, 8, undefined, RECOVERY_MS);
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
      await waitFor("some snapshots", () => journal.acknowledged > 100, { timeoutMs: 120_000 });
      fleet.rest();
      await waitFor("the rest of them", () => fleet.waiting === 0, { timeoutMs: 120_000 });
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
