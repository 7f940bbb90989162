/** A worker's process that is killed at a chosen point between the outbox and the log, again and again. */
import { expect } from "vitest";
import { CLAIM_MS } from "../../src/notify/attempt.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { FaultProxy } from "../faults/kit/proxy.ts";
import { type Passing, PostgresProxy, type Stop } from "./postgres-proxy.ts";
import type { HeldFarEnd } from "./receivers/contract.ts";
import { startPagerDuty } from "./receivers/pagerduty.ts";
import { startWebhook } from "./receivers/webhook.ts";
import { receiversFile, WEBHOOK_SECRET } from "./receivers-file.ts";
import { type Service, startService } from "./service.ts";
import { waitFor } from "./wait.ts";

/** What a killed worker holds, it holds for half a minute, and its tick keeps the next one's place nearly as long. */
const SOON_MS = 120_000;

const says = (pattern: RegExp) => (passing: Passing) => pattern.test(passing.sql);
const commits = (pattern: RegExp) => (passing: Passing) =>
  passing.sql === "COMMIT" && passing.before.some((sql) => pattern.test(sql));

const TAKES = /DELETE FROM notification_outbox/;
const SORTED = /UPDATE notification_group SET due_at = LEAST/;
const PLANS = /INSERT INTO "public"\."delivery" /;
const CLAIMS = /UPDATE delivery d SET claimed_until/;
/** And not what gives up deliveries to receivers that there are no more, by their age. */
const LOGS = /UPDATE "public"\."delivery" SET "status" =(?!.*"created_at" <)/s;

/** A stop at a statement, or what befalls the requests: held on their way, or their answers. */
type Point = Stop | "hold" | "deaf";

/** In the order in which a worker comes to them. */
export const POINTS = {
  "before it takes the outbox": { at: says(TAKES), when: "before" },
  "before what it has taken is committed": { at: commits(SORTED), when: "before" },
  "after what it has taken is committed": { at: commits(SORTED), when: "after" },
  "before a delivery that it plans is committed": { at: commits(PLANS), when: "before" },
  "after a delivery that it plans is committed": { at: commits(PLANS), when: "after" },
  "before it claims a delivery": { at: says(CLAIMS), when: "before" },
  "after it has claimed a delivery": { at: commits(CLAIMS), when: "after" },
  "with its request on the way": "hold",
  "after its request has come, before it hears the answer": "deaf",
  "with the answer, before it writes the log": { at: says(LOGS), when: "before" },
  "before the log is committed": { at: commits(LOGS), when: "before" },
  "after the log is committed": { at: commits(LOGS), when: "after" },
} as const satisfies Readonly<Record<string, Point>>;

export type PointName = keyof typeof POINTS;

/** One thing said to a far end, in which life of the worker. */
export interface Said {
  /** What the far end knows a repetition by. */
  readonly key: string;
  readonly words: string;
  readonly life: number;
}

/** It has two far ends: a pager, and a webhook that it reaches by proxies, as it does its database. */
export class MortalWorker {
  #process: Service | null = null;
  readonly pager: HeldFarEnd;
  readonly hook: HeldFarEnd;
  readonly #db: PrismaClient;
  readonly #postgres: PostgresProxy;
  readonly #ways: readonly FaultProxy[];
  readonly #file: Awaited<ReturnType<typeof receiversFile>>;
  /** How many requests each far end had when a life ended. */
  readonly #heardUpTo = new Map<HeldFarEnd, number[]>();

  static async make(db: PrismaClient, databaseUrl: string): Promise<MortalWorker> {
    const farEnds = [await startPagerDuty(), await startWebhook(WEBHOOK_SECRET)] as const;
    const ways = farEnds.map(({ url }) => {
      const way = new FaultProxy();
      way.target = Number(new URL(url).port);
      return way;
    });
    for (const way of ways) await way.listen();
    const [pager, hook] = ways.map(({ url }) => url);
    const file = await receiversFile();
    await file.write({ hook: hook ?? "" }, {}, [
      { name: "pager", type: "pagerduty", routing_key: "0123456789abcdef", url: `${pager}/v2/enqueue` },
    ]);
    return new MortalWorker(db, await PostgresProxy.open(databaseUrl), farEnds, ways, file);
  }

  private constructor(
    db: PrismaClient,
    postgres: PostgresProxy,
    [pager, hook]: readonly [HeldFarEnd, HeldFarEnd],
    ways: readonly FaultProxy[],
    file: Awaited<ReturnType<typeof receiversFile>>,
  ) {
    this.#db = db;
    this.#postgres = postgres;
    this.pager = pager;
    this.hook = hook;
    this.#ways = ways;
    this.#file = file;
    for (const farEnd of [pager, hook]) this.#heardUpTo.set(farEnd, []);
  }

  async #start(): Promise<Service> {
    this.#process = await startService({
      databaseUrl: this.#postgres.url,
      role: "work",
      env: { SPILLWAY_RECEIVERS_FILE: this.#file.path },
    });
    return this.#process;
  }

  #died(): void {
    this.#process = null;
    for (const [farEnd, counts] of this.#heardUpTo) counts.push(farEnd.requests.length);
  }

  /** A life of the worker that ends at a point. */
  async kill(name: PointName): Promise<void> {
    const point: Point = POINTS[name];
    if (typeof point === "string") for (const way of this.#ways) way.weather = { kind: point };
    else this.#postgres.stop = point;
    const before = { heard: this.heard, at: Date.now() };
    const process = await this.#start();
    await waitFor(name, () => this.#isAt(point, before), { timeoutMs: SOON_MS });
    await process.kill();
    for (const way of this.#ways) way.cut();
    // Then all that it has sent and that will ever be heard is heard: it is this life's.
    await waitFor("the far ends to have heard it", async () => {
      const open = await Promise.all([this.pager, this.hook].map((farEnd) => farEnd.connections()));
      return open.every((count) => count === 0);
    });
    this.#died();
    for (const way of this.#ways) way.weather = { kind: "pass" };
    this.#postgres.clear();
  }

  async #isAt(point: Point, before: { readonly heard: number; readonly at: number }): Promise<boolean> {
    // Whichever hears first: the other may have to wait for what a dead worker holds, and who has no answer for as long
    // as that sends again.
    if (point === "deaf") return this.heard > before.heard;
    if (point === "hold") {
      // By this life, and not by one before it.
      const claimed = { receiver: "hook", claimedUntil: { gt: new Date(before.at + CLAIM_MS) } };
      return (await this.#db.delivery.count({ where: claimed })) > 0;
    }
    return this.#postgres.stopped;
  }

  /** How many requests both far ends have had. */
  get heard(): number {
    return this.hook.requests.length + this.pager.requests.length;
  }

  /** What a worker that lives makes of what is left. */
  async settle(deliveries: number): Promise<void> {
    const process = await this.#start();
    await waitFor(
      "everything to be delivered",
      async () => {
        const outbox = await this.#db.notificationOutbox.count();
        const delivered = await this.#db.delivery.count({ where: { status: "DELIVERED" } });
        if (outbox > 0 || delivered < deliveries) throw new Error(`${outbox} left, ${delivered} delivered`);
        return true;
      },
      { timeoutMs: 2 * SOON_MS },
    );
    expect(await process.stop()).toBe(0);
    this.#died();
  }

  /** Everything that a far end was told. */
  said(farEnd: HeldFarEnd): Said[] {
    const ends = this.#heardUpTo.get(farEnd) ?? [];
    const titles = new Map<string, string>();
    return farEnd.requests.map(({ json, headers }, index) => {
      const life = ends.findIndex((end) => index < end);
      const { event_action, dedup_key, payload, type, data } = json as Partial<Event & Payload>;
      if (dedup_key === undefined) {
        const [incident] = data?.incidents ?? [];
        return { key: String(headers["webhook-id"]), words: `${type} ${incident?.title}`, life };
      }
      if (payload !== undefined) titles.set(dedup_key, payload.summary.replace(/^\[\w+\] /, ""));
      const title = titles.get(dedup_key);
      return { key: `${event_action} ${dedup_key}`, words: `${event_action} ${title}`, life };
    });
  }

  async close(): Promise<void> {
    await this.#process?.kill();
    await Promise.all([this.pager.close(), this.hook.close(), ...this.#ways.map((way) => way.close())]);
    await this.#postgres.close();
    await this.#file.remove();
  }
}

interface Event {
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload?: { readonly summary: string };
}

interface Payload {
  readonly type: string;
  readonly data: { readonly incidents: readonly { readonly title: string }[] };
}
