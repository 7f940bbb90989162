import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { openFolder } from "../../../../agent/spool/files.ts";
import { encodeRecord, HEAD_BYTES, KIND, scanRecords } from "../../../../agent/spool/record.ts";
import type { Spool } from "../../../../agent/spool/spool.ts";
import { temporaryFolder } from "../support/procfs.ts";
import { layoutOf, snapshot, snapshots } from "../support/snapshots.ts";
import { FakeDisk } from "./support/fake-disk.ts";
import { journalOf } from "./support/journal.ts";
import { all, open } from "./support/open.ts";

const waitingIn = (spool: Spool) => spool.peekBatch(Number.POSITIVE_INFINITY, all).map(({ at }) => at);

test("on a real disk, what one process wrote another one has, with names and epoch, and what it settled not", async () => {
  const folder = join(temporaryFolder(onTestFinished), "spool");
  const first = open(openFolder(folder)).spool;
  const given = snapshots(40).map((one, i) => ({ ...one, layout: layoutOf([`Tcp${i % 3}`]) }));
  for (const one of given) first.append(one);
  first.settle(first.peekBatch(10, all));
  expect(await first.close()).toBe(true);
  const second = open(openFolder(folder)).spool;
  expect(second.peekBatch(100, all).map(({ id: _id, ...one }) => one)).toEqual(given.slice(10));
  expect([second.size, second.ageMs, second.dropped]).toEqual([30, 29, 0]);
  expect(journalOf(folder)).toHaveLength(40);
  await second.close();
});

test("a batch is of the bytes asked for, but never empty, and begins where it is told to", () => {
  const { spool } = open(new FakeDisk());
  for (const one of snapshots(50)) spool.append(one);
  const some = spool.peekBatch(100, all, { bytes: 5_000 });
  expect(some.length).toBeGreaterThan(15);
  expect(some.length).toBeLessThan(30);
  expect(spool.peekBatch(100, all, { bytes: 1 }).map(({ id }) => id)).toEqual([1]);
  expect(spool.peekBatch(2, (id) => id % 2 === 0, { fromId: 31 }).map(({ id }) => id)).toEqual([32, 34]);
});

test("each segment can be read alone, and goes when all in it and before it is settled", async () => {
  const disk = new FakeDisk();
  const { spool } = open(disk);
  for (const one of snapshots(100)) spool.append(one);
  const names = disk.list().sort();
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) {
    const kinds = scanRecords(disk.read(name)).records.map(({ kind }) => kind);
    expect(kinds.slice(0, 3)).toEqual([KIND.layout, KIND.epoch, KIND.snapshot]);
  }
  spool.settle(spool.peekBatch(100, (id) => id > 30));
  await spool.sync();
  expect(disk.list().sort().slice(0, names.length)).toEqual(names);
  spool.settle(spool.peekBatch(100, all));
  await spool.sync();
  expect(disk.list()).toHaveLength(1);
});

test("a segment is removed only after what settles it was synced", async () => {
  const disk = new FakeDisk();
  const { spool, timers } = open(disk);
  for (const one of snapshots(60)) spool.append(one);
  await spool.sync();
  const before = disk.list().length;
  disk.holding = true;
  spool.settle(spool.peekBatch(100, all));
  await timers.advance(60_000);
  expect(disk.list()).toHaveLength(before);
  disk.release();
  await spool.sync();
  expect(disk.list()).toHaveLength(1);
});

test("whichever removals a crash undoes, what settled a snapshot is not gone before it", async () => {
  const luck = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(luck, async (numbers) => {
      const disk = new FakeDisk();
      const { spool } = open(disk, { maxBytes: 16 * 1024 });
      // The first segment is settled in the second, the second in the third.
      for (const one of snapshots(10)) spool.append(one);
      spool.settle(spool.peekBatch(5, all));
      for (const one of snapshots(14)) spool.append(one);
      spool.settle(spool.peekBatch(99, all));
      expect(await spool.sync()).toBe(true);
      expect(disk.list()).toHaveLength(1);
      const after = disk.afterCrash(() => numbers.next().value ?? 0);
      expect(waitingIn(open(after, { maxBytes: 16 * 1024 }).spool)).toEqual([]);
    }),
  );
});

test("an id is not used again while a record that settles it is there", async () => {
  const disk = new FakeDisk();
  const record = encodeRecord({ kind: KIND.settled, id: 0, at: 0 }, "[[1,5],[7,9]]");
  disk.open("0000000000000004.seg").append(record);
  const { spool } = open(disk);
  expect(spool.append(snapshot(1))).toBe(10);
  await spool.close();
  expect(waitingIn(open(disk.afterKill()).spool)).toEqual([1]);
});

test("over its cap it drops the oldest, by whole segments, and counts them", () => {
  const { spool } = open(new FakeDisk(), { maxBytes: 16 * 1024 });
  for (const one of snapshots(200)) spool.append(one);
  const left = waitingIn(spool);
  expect(left.at(-1)).toBe(200);
  expect(left).toEqual(Array.from({ length: left.length }, (_one, i) => 201 - left.length + i));
  expect([...spool.droppedBy]).toEqual([["spool_full", 200 - left.length]]);
  expect(spool.bytes).toBeLessThanOrEqual(16 * 1024);
  expect(left.length).toBeGreaterThan(30);
});

test("what was dropped while it was under way, and answered for, counts as dropped no more", () => {
  const { spool } = open(new FakeDisk(), { maxBytes: 16 * 1024 });
  spool.append(snapshot(1));
  const sent = spool.peekBatch(1, all);
  for (const one of snapshots(200)) spool.append(one);
  const { dropped } = spool;
  expect(dropped).toBeGreaterThan(10);
  spool.settle(sent);
  spool.settle(sent);
  expect([...spool.droppedBy]).toEqual([["spool_full", dropped - 1]]);
});

test("a full disk: on in memory, then at the cost of the oldest, and back by itself", async () => {
  const disk = new FakeDisk();
  const { spool, troubles } = open(disk);
  for (const one of snapshots(60)) spool.append(one);
  await spool.sync();
  disk.capacity = disk.used;
  for (let at = 61; at <= 65; at += 1) spool.append(snapshot(at));
  expect([spool.size, spool.inMemory, spool.dropped]).toEqual([65, 5, 0]);
  expect(troubles[0]).toContain("disk: cannot write to the spool, going on in memory: ENOSPC");
  spool.append(snapshot(66));
  const left = waitingIn(spool);
  expect(left).toEqual(Array.from({ length: left.length }, (_one, i) => 67 - left.length + i));
  expect([...spool.droppedBy]).toEqual([["disk_full", 66 - left.length]]);
  disk.capacity = Number.POSITIVE_INFINITY;
  spool.append(snapshot(67));
  expect(spool.inMemory).toBe(0);
  expect(troubles.at(-1)).toContain("recovered");
  expect(await spool.sync()).toBe(true);
});

test("a disk that others fill again at once costs no more than one segment each time", () => {
  const disk = new FakeDisk();
  disk.capacity = 0;
  const { spool } = open(disk);
  for (const one of snapshots(20)) spool.append(one);
  expect(waitingIn(spool)).toEqual([16, 17, 18, 19, 20]);
  expect([...spool.droppedBy]).toEqual([["disk_full", 15]]);
});

test("while nothing can be synced it says that nothing is safe, and takes all the same", async () => {
  const disk = new FakeDisk();
  const { spool, troubles } = open(disk);
  disk.readOnly = true;
  for (const one of snapshots(3)) spool.append(one);
  expect(await spool.sync()).toBe(false);
  expect(waitingIn(spool)).toEqual([1, 2, 3]);
  disk.readOnly = false;
  expect(await spool.sync()).toBe(true);
  expect(troubles[0]).toContain("EROFS");
});

test.each([
  ["cut off anywhere", (bytes: Buffer, at: number) => bytes.subarray(0, at)],
  ["with a byte changed anywhere", (bytes: Buffer, at: number) => flipped(bytes, at)],
  [
    "with zeros from anywhere on",
    (bytes: Buffer, at: number) => Buffer.concat([bytes.subarray(0, at), Buffer.alloc(500)]),
  ],
  [
    "with something else in the middle",
    (bytes: Buffer, at: number) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.from("\xf5SPL junk", "latin1"), bytes.subarray(at)]),
  ],
])("a segment %s: the start works, the rest is there, and it can be appended to", async (_case, damage) => {
  const folder = join(temporaryFolder(onTestFinished), "spool");
  const first = open(openFolder(folder)).spool;
  for (const one of snapshots(12)) first.append(one);
  await first.close();
  const [name = ""] = readdirSync(folder);
  const whole = readFileSync(join(folder, name));
  for (let at = 0; at < whole.length; at += 7) {
    writeFileSync(join(folder, name), damage(whole, at));
    const { spool } = open(openFolder(folder));
    spool.append(snapshot(99));
    const left = waitingIn(spool);
    expect(left.at(-1)).toBe(99);
    for (const one of left) expect(one === 99 || (one >= 1 && one <= 12)).toBe(true);
    // All before the damage; all after it too, where the damage is to one record of a snapshot.
    const records = scanRecords(whole.subarray(0, at)).records.filter(({ kind }) => kind === KIND.snapshot);
    expect(left.length).toBeGreaterThan(records.length);
    await spool.close();
    const again = open(openFolder(folder)).spool;
    expect(waitingIn(again)).toEqual(left);
    await again.close();
    for (const file of readdirSync(folder)) if (file !== name) writeFileSync(join(folder, file), "");
  }
});

test("a damaged record in the middle costs itself alone, and is counted and said", async () => {
  const folder = join(temporaryFolder(onTestFinished), "spool");
  const first = open(openFolder(folder)).spool;
  for (const one of snapshots(9)) first.append(one);
  await first.close();
  const [name = ""] = readdirSync(folder);
  const bytes = readFileSync(join(folder, name));
  const fifth = scanRecords(bytes).records.find(({ id }) => id === 5);
  writeFileSync(join(folder, name), flipped(bytes, (fifth?.offset ?? 0) + HEAD_BYTES + 30));
  const { spool, troubles } = open(openFolder(folder));
  expect(waitingIn(spool)).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
  expect([...spool.droppedBy]).toEqual([["damaged", 1]]);
  expect(troubles[0]).toContain(`damaged: skipped 1 damaged parts of ${name}`);
  await spool.close();
});

test("a segment that is removed under a running agent loses what was in it, and no more", async () => {
  const disk = new FakeDisk();
  const { spool } = open(disk);
  for (const one of snapshots(100)) spool.append(one);
  const [oldest = ""] = disk.list().sort();
  disk.remove(oldest);
  const left = waitingIn(spool);
  expect(left.length + (spool.droppedBy.get("damaged") ?? 0)).toBe(100);
  expect(left.at(-1)).toBe(100);
});

/** A spool that a process before has left, so that all is read from the disk; and its first segment. */
function openLeft(count: number) {
  const disk = new FakeDisk();
  const { spool: left } = open(disk);
  for (const one of snapshots(count)) left.append(one);
  const next = disk.afterKill();
  const [first = ""] = next.list().sort();
  const ids = scanRecords(next.read(first)).records.flatMap(({ kind, id }) =>
    kind === KIND.snapshot ? [id] : [],
  );
  return { disk: next, first, ids, ...open(next) };
}

test("a segment that cannot be read takes no room, and what is behind it goes on", () => {
  const { disk, first, ids, spool, troubles } = openLeft(100);
  disk.unreadable = (name) => name === first;
  const batch = spool.peekBatch(100, all, { bytes: 5_000 });
  expect(batch[0]?.id).toBe(ids.length + 1);
  expect(batch.length).toBeGreaterThan(15);
  expect(troubles[0]).toContain("disk: cannot read");
  spool.settle(batch);
  disk.unreadable = () => false;
  // Nothing of it was given up.
  expect(spool.peekBatch(ids.length, all).map(({ id }) => id)).toEqual(ids);
  expect(spool.dropped).toBe(0);
});

test("of a segment with a bad place, what does not lie there is read all the same", () => {
  const { disk, first, ids, spool } = openLeft(100);
  const bad = scanRecords(disk.read(first)).records.find(({ id }) => id === 5)?.offset ?? 0;
  disk.unreadable = (name, from, to) => name === first && from <= bad && bad < to;
  expect(spool.peekBatch(100, all).map(({ id }) => id)).toEqual(
    Array.from({ length: 100 }, (_one, i) => i + 1).filter((id) => id !== 5),
  );
  expect([ids.includes(5), spool.dropped, spool.size]).toEqual([true, 0, 100]);
});

test("a disk that reads nothing is not asked for every segment each time", () => {
  const { disk, spool, troubles } = openLeft(200);
  disk.unreadable = () => true;
  expect(spool.peekBatch(200, all)).toEqual([]);
  // Four segments, each in one piece and then four records.
  expect(troubles).toHaveLength(20);
  expect(spool.dropped).toBe(0);
});

test("files that are no segments are left alone", () => {
  const disk = new FakeDisk();
  disk.open("notes.txt").append(Buffer.from("by a person"));
  const { spool } = open(disk);
  spool.append(snapshot(1));
  expect(waitingIn(spool)).toEqual([1]);
  expect(disk.read("notes.txt").toString()).toBe("by a person");
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x55;
  return copy;
}
