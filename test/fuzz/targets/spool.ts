/**
 * Lives of a spool: whatever happens, it starts, keeps what was synced, and repeats nothing that was settled. And
 * whatever bytes a segment holds, scanning gives whole records and never throws.
 */
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect } from "vitest";
import type { WaitingSnapshot } from "../../../agent/queue.ts";
import type { QueuedSnapshot } from "../../../agent/snapshot.ts";
import { encodeRecord, payloadOf, recordAt, scanRecords } from "../../../agent/spool/record.ts";
import { segmentName } from "../../../agent/spool/segment.ts";
import { openSpool, type Spool } from "../../../agent/spool/spool.ts";
import { FakeDisk } from "../../unit/agent/spool/support/fake-disk.ts";
import { EPOCH, layoutOf, snapshot } from "../../unit/agent/support/snapshots.ts";
import { damaged } from "../edits.ts";
import { type FuzzTarget, target } from "../target.ts";

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

/** @param after what it does with what is to be run later: nothing by default */
function openOn(disk: FakeDisk, after: (run: () => void) => () => void = () => () => undefined): Spool {
  return openSpool({
    files: disk,
    timers: { after: (_ms, run) => after(run) },
    maxBytes: MAX_BYTES,
    memory: MEMORY,
    trouble: () => {},
  });
}

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
    return openOn(this.disk, (run) => {
      this.timers.push(run);
      return () => {
        this.timers = this.timers.filter((one) => one !== run);
      };
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

const SEGMENT = segmentName(1);
const record = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.string({ maxLength: 40, unit: "binary" }))
  .map(([kind, text]) => encodeRecord({ kind, id: 7, at: 8 }, text));
const junk = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));

export const SPOOL: readonly FuzzTarget[] = [
  target("spool", {
    cases: 300,
    input: fc.array(action, { minLength: 5, maxLength: 60, size: "max" }),
    check: async (steps) => {
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
    },
  }),
  target("spool-recovery", {
    cases: 1_000,
    input: damaged(fc.constant(await segmentOf(12))),
    check: async (bytes) => {
      const disk = new FakeDisk();
      disk.open(SEGMENT).append(bytes);
      const spool = openOn(disk);
      spool.append(snapshot(99));
      const there = spool.peekBatch(Number.POSITIVE_INFINITY, all);
      expect(there.at(-1)?.at).toBe(99);
      // Whole or not at all.
      for (const one of there) expect(without(one)).toEqual(snapshot(one.at));
      expect(await spool.close()).toBe(true);
      expect(openOn(disk.afterKill()).size).toBe(there.length);
    },
  }),
  target("spool-records", {
    cases: 500,
    input: fc.array(fc.oneof(record, junk), { maxLength: 12 }),
    check: (parts) => {
      const bytes = Buffer.concat(parts);
      const { records, end } = scanRecords(bytes);
      let from = 0;
      for (const found of records) {
        expect(found.offset).toBeGreaterThanOrEqual(from);
        expect(recordAt(bytes, found.offset)).toEqual(found);
        expect(payloadOf(bytes, found).length).toBeLessThanOrEqual(found.length);
        from = found.offset + found.length;
      }
      expect(end).toBe(from);
      expect(records.length).toBeGreaterThanOrEqual(
        parts.filter((part) => recordAt(part, 0) !== null).length,
      );
    },
  }),
];

/** A segment with so many snapshots, as it is on the disk. */
async function segmentOf(count: number): Promise<Buffer> {
  const disk = new FakeDisk();
  const spool = openOn(disk);
  for (let at = 1; at <= count; at++) spool.append(snapshot(at));
  await spool.close();
  return disk.read(SEGMENT);
}
