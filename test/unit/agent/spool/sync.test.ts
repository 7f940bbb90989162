/** When a spool syncs by itself. */
import { expect, test } from "vitest";
import type { SpoolFiles } from "../../../../agent/spool/files.ts";
import { snapshot, snapshots } from "../support/snapshots.ts";
import { FakeDisk } from "./support/fake-disk.ts";
import { all, open } from "./support/open.ts";

/** A spool past its start, and when its syncs were, in seconds from then. */
async function setUp() {
  const disk = new FakeDisk();
  const at: number[] = [];
  let now = () => 0;
  const watched: SpoolFiles = {
    list: () => disk.list(),
    read: (name) => disk.read(name),
    readAt: (name, offset, length) => disk.readAt(name, offset, length),
    remove: (name) => disk.remove(name),
    syncFolder: () => disk.syncFolder(),
    open(name) {
      const file = disk.open(name);
      const sync = () => {
        at.push(now());
        return file.sync();
      };
      return { append: file.append, truncate: file.truncate, close: file.close, sync };
    },
  };
  const { spool, timers } = open(watched);
  await timers.advance(1_000);
  const startMs = timers.now();
  now = () => (timers.now() - startMs) / 1_000;
  return { spool, timers, at };
}

test("appending is no sync, and syncs are a second apart", async () => {
  const { spool, timers, at } = await setUp();
  for (let i = 0; i < 30; i += 1) {
    spool.append(snapshot(i));
    await timers.advance(100);
  }
  expect(at).toEqual([1, 2, 3]);
});

test("what is answered within the second is synced once a minute", async () => {
  const { spool, timers, at } = await setUp();
  for (const one of snapshots(13)) {
    spool.append(one);
    await timers.advance(50);
    spool.settle(spool.peekBatch(9, all));
    await timers.advance(9_950);
  }
  expect(at).toEqual([60, 120]);
  await timers.advance(200_000);
  expect(at).toEqual([60, 120, 180]);
});

test("what is not is synced a second after it came; its answer later, within a minute", async () => {
  const { spool, timers, at } = await setUp();
  for (const one of snapshots(3)) {
    spool.append(one);
    await timers.advance(10_000);
  }
  expect(at).toEqual([1, 11, 21]);
  spool.settle(spool.peekBatch(1, all));
  await timers.advance(10_000);
  spool.settle(spool.peekBatch(9, all));
  await timers.advance(200_000);
  expect(at).toEqual([1, 11, 21, 90]);
});

test("an answer to a part leaves the rest its second", async () => {
  const { spool, timers, at } = await setUp();
  for (const one of snapshots(2)) spool.append(one);
  spool.settle(spool.peekBatch(1, all));
  await timers.advance(1_000);
  expect(at).toEqual([1]);
});
