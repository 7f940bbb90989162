import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { WaitingSnapshot } from "../../../../agent/queue.ts";
import type { QueuedSnapshot } from "../../../../agent/snapshot.ts";
import { openSpool, type Spool } from "../../../../agent/spool/spool.ts";
import { EPOCH, layoutOf, snapshot } from "../support/snapshots.ts";
import { FakeDisk } from "./support/fake-disk.ts";

/** Sequences of steps; 10,000 in the nightly size. */
const RUNS = Number(process.env.SPILLWAY_TEST_RUNS ?? 300);

const LAYOUTS = [
  layoutOf(["TcpInSegs"]),
  layoutOf(["TcpInSegs", "TcpOutSegs"]),
  layoutOf(["TcpExtOfoPruned"]),
];
const EPOCHS = [EPOCH, { ...EPOCH, number: 1 }];
const MAX_BYTES = 16 * 1024;
const MEMORY = { snapshots: 12, bytes: 1e6 };
const all = () => true;

type Action =
  | { readonly do: "append"; readonly count: number }
  /** A push of the oldest, or of the newest, was answered for every so many-th. */
  | { readonly do: "settle"; readonly count: number; readonly nth: number; readonly newest: boolean }
  | { readonly do: "sync" | "timer" | "hold" | "step" | "release" | "kill" | "roomy" | "read-only" | "close" }
  | { readonly do: "crash"; readonly luck: readonly number[] }
  /** The disk has so many bytes left. */
  | { readonly do: "full"; readonly left: number };

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("append" as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      count: fc.integer({ min: 1, max: 20 }),
      nth: fc.integer({ min: 1, max: 3 }),
      newest: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: "sync" as const }) },
  { weight: 3, arbitrary: fc.constant({ do: "timer" as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ do: "hold" as const }, { do: "release" as const }) },
  { weight: 4, arbitrary: fc.constant({ do: "step" as const }) },
  { weight: 2, arbitrary: fc.constantFrom({ do: "kill" as const }, { do: "close" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("crash" as const),
      luck: fc.array(chance, { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("full" as const), left: fc.integer({ min: 0, max: 2_000 }) }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ do: "roomy" as const }, { do: "read-only" as const }) },
);

/** What must be true of the spool, beside the spool. Snapshots are known by their time. */
class Model {
  disk = new FakeDisk();
  spool: Spool;
  appended = new Map<number, QueuedSnapshot>();
  /** What must be there, oldest first. */
  waiting: number[] = [];
  /** What survives a crash. */
  synced = new Set<number>();
  /** Answered for, not yet known to be persisted so. */
  answered = new Set<number>();
  persisted = new Set<number>();
  private timers: (() => void)[] = [];
  private at = 0;
  private dropped = 0;
  private cut = 0;

  constructor() {
    this.spool = this.open();
  }

  private open(): Spool {
    this.timers = [];
    return openSpool({
      files: this.disk,
      timers: {
        after: (_ms, run) => {
          this.timers.push(run);
          return () => {
            this.timers = this.timers.filter((one) => one !== run);
          };
        },
      },
      maxBytes: MAX_BYTES,
      memory: MEMORY,
      trouble: () => {},
    });
  }

  async run(step: Action): Promise<void> {
    if (step.do === "append") {
      for (let i = 0; i < step.count; i += 1) this.append();
    } else if (step.do === "settle") {
      const there = this.spool.peekBatch(Number.POSITIVE_INFINITY, all);
      const some = step.newest ? there.slice(-step.count) : there.slice(0, step.count);
      const done = some.filter((_one, i) => i % step.nth === 0);
      this.spool.settle(done);
      for (const { at } of done) this.answered.add(at);
      this.waiting = this.waiting.filter((at) => !this.answered.has(at));
    } else if (step.do === "sync") {
      this.disk.release();
      this.learn(await this.spool.sync());
    } else if (step.do === "timer") {
      for (const run of this.timers.splice(0)) run();
    } else if (step.do === "close") {
      this.disk.release();
      this.learn(await this.spool.close());
      this.restart(this.disk.afterKill());
    } else if (step.do === "kill") this.restart(this.disk.afterKill());
    else if (step.do === "crash") {
      let next = 0;
      this.restart(
        this.disk.afterCrash(() => step.luck[next++ % step.luck.length] ?? 0),
        true,
      );
    } else if (step.do === "hold") this.disk.holding = true;
    else if (step.do === "step") this.disk.step();
    else if (step.do === "release") this.disk.release();
    else if (step.do === "full") this.disk.capacity = this.disk.used + step.left;
    else if (step.do === "roomy") {
      this.disk.capacity = Number.POSITIVE_INFINITY;
      this.disk.readOnly = false;
    } else if (step.do === "read-only") this.disk.readOnly = true;
    await turn();
    this.check();
  }

  private append(): void {
    this.at += 1;
    const layout = LAYOUTS[this.at % 11 < 8 ? 0 : this.at % 3] ?? layoutOf([]);
    const epoch = EPOCHS[this.at % 5 === 0 ? 1 : 0] ?? EPOCH;
    const one = { ...snapshot(this.at, { layout, epoch }), namespace: namespaceOf(this.at) };
    this.appended.set(this.at, one);
    this.waiting.push(this.at);
    this.spool.append(one);
  }

  /** What a sync that says so has made safe. */
  private learn(isSafe: boolean): void {
    if (!isSafe) return;
    for (const { at } of this.spool.peekBatch(Number.POSITIVE_INFINITY, all)) this.synced.add(at);
    for (const at of this.answered) this.persisted.add(at);
  }

  private restart(disk: FakeDisk, isCrash = false): void {
    const inMemory = new Set(this.waiting.slice(this.waiting.length - this.spool.inMemory));
    disk.holding = false;
    // What a person would do before starting it again; a disk that is full may stay so.
    disk.readOnly = false;
    this.disk = disk;
    this.spool = this.open();
    const there = this.spool.peekBatch(Number.POSITIVE_INFINITY, all);
    const found = new Set(there.map(({ at }) => at));
    expect(found.size).toBe(there.length);
    // A killed process loses what was in memory alone; a crash also what was not synced.
    const lost = this.waiting.filter(
      (at) => !found.has(at) && !inMemory.has(at) && (!isCrash || this.synced.has(at)),
    );
    // A segment whose removal a crash undid can put it over its cap again: then the oldest go.
    this.dropped = this.spool.dropped;
    this.cut = this.spool.droppedBy.get("spool_full") ?? 0;
    expect(lost.length, `${lost} were lost`).toBeLessThanOrEqual(this.cut);
    expect(lost.every((at) => !(at > (there[0]?.at ?? Number.POSITIVE_INFINITY)))).toBe(true);
    for (const at of found) expect(this.persisted, `${at} came back`).not.toContain(at);
    this.waiting = [...found];
    for (const at of found) this.answered.delete(at);
    // What a crash left is on the disk; what a kill left may be so or not.
    if (isCrash) for (const at of found) this.synced.add(at);
  }

  private check(): void {
    const there = this.spool.peekBatch(Number.POSITIVE_INFINITY, all);
    const ats = there.map(({ at }) => at);
    expect(ats).toEqual([...ats].sort((a, b) => a - b));
    expect(there.map(({ id }) => id)).toEqual(there.map(({ id }) => id).sort((a, b) => a - b));
    for (const one of there) expect(without(one)).toEqual(this.appended.get(one.at));
    expect(this.spool.size).toBe(there.length);
    expect(this.spool.bytes).toBeLessThanOrEqual(MAX_BYTES + MAX_BYTES / 8 + 12 * 600);

    const found = new Set(ats);
    const gone = this.waiting.filter((at) => !found.has(at));
    expect(gone.length).toBe(this.spool.dropped - this.dropped);
    for (const at of found) expect(this.waiting).toContain(at);
    const cut = this.spool.droppedBy.get("spool_full") ?? 0;
    // Over its cap alone it gives up the oldest.
    if (cut - this.cut === gone.length) expect(gone).toEqual(this.waiting.slice(0, gone.length));
    this.dropped = this.spool.dropped;
    this.cut = cut;
    this.waiting = ats;
  }
}

function namespaceOf(at: number) {
  return { kind: "container" as const, inode: String(at % 3), birth: 7, name: `wéb-${at % 3}` };
}

function without({ id: _id, ...snapshot }: WaitingSnapshot): QueuedSnapshot {
  return snapshot;
}

test(`whatever happens in ${RUNS} lives of a spool, it starts, keeps what was synced, and repeats nothing settled`, {
  timeout: 60_000 + RUNS * 100,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60, size: "max" }), async (steps) => {
      const model = new Model();
      for (const step of steps) await model.run(step);
      // At the end the trouble is over: everything is written out, sent, and nothing comes back.
      await model.run({ do: "roomy" });
      await model.run({ do: "append", count: 1 });
      await model.run({ do: "sync" });
      await model.run({ do: "settle", count: Number.POSITIVE_INFINITY, nth: 1, newest: false });
      await model.run({ do: "sync" });
      await model.run({ do: "crash", luck: [0] });
      expect(model.waiting).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
