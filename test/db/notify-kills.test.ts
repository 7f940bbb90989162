/**
 * A worker dies at each point between the outbox and the log, one after the other: each far end hears of each beginning
 * and each end, and of one of them twice at most, under one key.
 */
import { expect, inject, test } from "vitest";
import type { PrismaClient } from "../../src/store/client.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { T0 } from "../support/incidents.ts";
import { Death, mortal } from "../support/mortal.ts";
import { closeIncident, Ear, openIncident, TAKEN, TestNotifier, toAll } from "../support/notifying.ts";
import { openTestStore } from "../support/open-store.ts";

const MINUTE = 60_000;
/** A worker that was killed holds what it claimed for half a minute. */
const CLAIM = 31_000;

/** The time of all workers, which never stands still. */
class Clock {
  now: number;

  constructor(now: number) {
    this.now = now;
  }

  /** Lets a worker tick now and after each of these times. */
  async run(worker: TestNotifier, ...waits: readonly number[]): Promise<void> {
    for (const wait of [0, ...waits]) {
      this.now += wait;
      worker.now = this.now;
      await worker.tick();
    }
  }
}

class World {
  readonly clock = new Clock(T0);
  readonly ears = [new Ear("pager"), new Ear("hook", "WEBHOOK")];
  readonly #db: PrismaClient;
  readonly #config = toAll(this.ears, ["incident"], { pages: 1, withinMs: 10 * MINUTE });
  /** Where it lives through everything. */
  readonly survivor: TestNotifier;

  constructor(db: PrismaClient) {
    this.#db = db;
    this.survivor = new TestNotifier(db, this.ears, this.#config);
  }

  /**
   * A worker that dies at a point while it does what it has to in this time.
   *
   * @returns whether it was done before
   */
  async victim(at: number, ...waits: readonly number[]): Promise<boolean> {
    const death = new Death(at);
    const worker = new TestNotifier(mortal(this.#db, death), this.ears, this.#config);
    for (const ear of this.ears) {
      ear.gate = () => death.point();
      ear.answer = () => {
        // Heard, and the worker never knows of it.
        death.point();
        return TAKEN;
      };
    }
    await this.clock.run(worker, ...waits).catch((error: Error) => {
      if (!death.hasCome) throw error;
    });
    for (const ear of this.ears) {
      ear.gate = () => undefined;
      ear.answer = () => TAKEN;
    }
    return !death.hasCome;
  }
}

/** Points are shared out, each lane with a database of its own: one after the other they take minutes. */
const LANES = 4;

/** @returns the first of its points that a worker does not come to any more */
async function lane(db: PrismaClient, first: number): Promise<number> {
  const world = new World(db);
  const { clock, ears, survivor } = world;
  let last = first;
  for (let at = first, lives = false; !lives; at += LANES) {
    last = at;
    for (const ear of ears) ear.heard.length = 0;
    const keys = ["alone", "in the digest"].map((name) => `${name} ${at}`);
    const ids: number[] = [];
    for (const key of keys) {
      const page = { urgency: "PAGE", startedAt: clock.now, judgedAt: clock.now } as const;
      ids.push((await openIncident(db, key, page)).incidentId);
    }
    // group_wait, and a tick for those whom the first one left out.
    const livesAtFirst = await world.victim(at, 30_000, 2_000);
    await clock.run(survivor, CLAIM, 30_000, 5 * MINUTE);
    for (const { heard } of ears) {
      expect(new Set(heard.flatMap(({ incidents }) => incidents.map(({ incident }) => incident.id)))).toEqual(
        new Set(ids),
      );
    }

    for (const key of keys) await closeIncident(db, key, clock.now);
    const livesAtLast = await world.victim(at, 30_000, 2_000);
    await clock.run(survivor, CLAIM, 6 * MINUTE, 6 * MINUTE);
    lives = livesAtFirst && livesAtLast;

    for (const { heard, name } of ears) {
      const once = [...new Map(heard.map((told) => [told.idempotencyKey, told])).values()];
      const said = once.flatMap(({ kind, incidents }) =>
        incidents.map(({ incident }) => `${kind} ${incident.id}`),
      );
      expect(said.sort(), `${name}, killed at ${at}`).toEqual(
        ids.flatMap((id) => [`OPENED ${id}`, `RESOLVED ${id}`]).sort(),
      );
      // One of the two deaths came after it was sent.
      const times = once.map(
        ({ idempotencyKey }) => heard.filter((told) => told.idempotencyKey === idempotencyKey).length,
      );
      expect(Math.max(...times)).toBeLessThanOrEqual(2);
      const kinds = (key: string) => once.filter(({ groupKey }) => groupKey === key).map(({ kind }) => kind);
      for (const { groupKey } of once) expect(kinds(groupKey)).toEqual(["OPENED", "RESOLVED"]);
      for (const repeated of heard) {
        const first = once.find(({ idempotencyKey }) => idempotencyKey === repeated.idempotencyKey);
        expect(repeated.incidents.map(({ incident, firing }) => [incident.id, firing])).toEqual(
          first?.incidents.map(({ incident, firing }) => [incident.id, firing]),
        );
      }
    }
  }
  return last;
}

test("killed at each point, it leaves nothing out, of what is told alone and by a digest", {
  timeout: 900_000,
}, async () => {
  const postgresUrl = inject("postgresUrl");
  const ends = await Promise.all(
    Array.from({ length: LANES }, async (_, first) => {
      const name = await createDatabase(postgresUrl);
      const { db, close } = openTestStore(databaseUrlOf(postgresUrl, name));
      try {
        return await lane(db, first);
      } finally {
        await close();
        await dropDatabase(postgresUrl, name);
      }
    }),
  );
  // Those of sorting in, planning, claiming, sending and keeping.
  expect(Math.min(...ends)).toBeGreaterThan(25);
});
