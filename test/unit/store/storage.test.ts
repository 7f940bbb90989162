import { describe, expect, test } from "vitest";
import { PARTITION_MS, type PartitionedTable } from "../../../src/store/partitions.ts";
import { exceeds, formatBytes, growthOf, sumKnown, whenFull } from "../../../src/store/storage/forecast.ts";
import { RESOLUTIONS, storageReport, TABLES_OF } from "../../../src/store/storage/report.ts";
import type { StoredTable } from "../../../src/store/storage/tables.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 10, 22, 12);

/** Partitions of a length, newest first, the first of which holds NOON + 1. */
function partitions(length: number, ...bytes: number[]) {
  const lower = Math.floor((NOON + 1) / length) * length;
  return bytes.map((each, index) => ({
    lower: lower - index * length,
    upper: lower - (index - 1) * length,
    bytes: each,
  }));
}

describe("growth", () => {
  const long = NOON - 300 * DAY;

  test("is that of whole partitions: not of the open one, nor of one that was begun half-way", () => {
    const hours = partitions(HOUR, 7, 100, 200, 13);
    expect(growthOf(hours, NOON - 2.5 * HOUR, NOON + HOUR / 2)).toBe(150 * 24);
    expect(growthOf([...hours].reverse(), NOON - 2.5 * HOUR, NOON + HOUR / 2)).toBe(150 * 24);
  });

  test("is the present one: old partitions do not count", () => {
    const hours = partitions(HOUR, 0, ...Array(24).fill(10), ...Array(100).fill(1_000));
    expect(growthOf(hours, long, NOON)).toBe(240);
    expect(growthOf(partitions(DAY, 0, 10, 10, 10, 99, 99), long, NOON)).toBe(10);
    expect(growthOf(partitions(7 * DAY, 0, 70, 70, 990), long, NOON)).toBe(10);
  });

  test("spans partitions that are missing: a time without the service is no growth", () => {
    const hours = partitions(HOUR, 1, 60, 60, 60, 60).filter((_, index) => index !== 2);
    expect(growthOf(hours, long, NOON)).toBe(60 * 24);
  });

  test("is taken of what there is once that is of six hours, and is unknown before", () => {
    const day = partitions(DAY, 600);
    expect(growthOf(day, NOON - 5.9 * HOUR, NOON)).toBeNull();
    expect(growthOf(day, NOON - 6 * HOUR, NOON)).toBe(2_400);
    expect(growthOf(partitions(7 * DAY, 600), NOON - 6 * HOUR, NOON)).toBe(2_400);
    expect(growthOf(partitions(HOUR, 600), NOON - HOUR / 2, NOON)).toBeNull();
  });

  test("of nothing is nothing, when that has been so for long enough", () => {
    expect(growthOf([], NOON - 5 * HOUR, NOON)).toBeNull();
    expect(growthOf([], NOON - 7 * HOUR, NOON)).toBe(0);
    // Made ahead: its time has not come.
    expect(growthOf([{ lower: NOON + DAY, upper: NOON + 2 * DAY, bytes: 9 }], NOON - 7 * HOUR, NOON)).toBe(0);
  });
});

test("a full retention is a partition longer than itself", () => {
  expect(whenFull(24, 7 * DAY, HOUR)).toBe(169);
});

test("of a sum all is known or nothing", () => {
  expect(sumKnown([1, 2, 3])).toBe(6);
  expect(sumKnown([1, null])).toBeNull();
  expect(sumKnown([])).toBe(0);
});

test.each([
  [10, 100, 90, false],
  [10, 101, 90, true],
  [100, 10, 0, false],
  [10, null, 90, null],
  [10, 100, null, null],
])("%d bytes that become %j with %j free: %j", (bytes, full, free, expected) => {
  expect(exceeds(bytes, full, free)).toBe(expected);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_234, "1.23 kB"],
  [999_600, "1 MB"],
  [99_960_000, "100 MB"],
  [12_345_678_901, "12.3 GB"],
  [4e15, "4 PB"],
  [4e18, "4000 PB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

describe("report", () => {
  const retention = { rawMs: 7 * DAY, minuteMs: 30 * DAY, hourMs: 400 * DAY };
  const unreadable = { hours: 0, since: null, example: null };
  const facts = { since: NOON - 20 * DAY, hosts: 3, unreadable };
  const samples = { raw: 1.5, compacted: 0.1 };
  const base = { facts, samples, retention, compactAfterMs: null, freeBytes: null, now: NOON };

  function stored(table: PartitionedTable, rows: number | null, ...bytes: number[]): StoredTable[] {
    return partitions(PARTITION_MS[table], ...bytes).map(({ lower, upper, bytes: each }) => ({
      schema: "ts",
      name: `${table}_${lower}`,
      bytes: each,
      filled: each > 8,
      rows,
      partition: { table, lower, upper },
    }));
  }
  const plain = (schema: string, name: string, bytes: number): StoredTable => ({
    schema,
    name,
    bytes,
    filled: true,
    rows: null,
    partition: null,
  });
  const of = (report: ReturnType<typeof storageReport>, name: string) =>
    report.resolutions.find((one) => one.name === name);

  test("every partitioned table is of one resolution", () => {
    const all = RESOLUTIONS.flatMap((one) => TABLES_OF[one]);
    expect([...all].sort()).toEqual(Object.keys(PARTITION_MS).sort());
  });

  test("every byte is somewhere, and once", () => {
    const tables = [
      ...stored("snapshot", 10, 50, 100),
      ...stored("snapshot_hour", 10, 50),
      ...stored("rollup_minute", 10, 1_000),
      ...stored("gauge_hour", 10, 1_000),
      plain("public", "host", 1),
      plain("public", "listener", 2),
      plain("ts", "mark", 4),
      plain("ts", "compaction", 8),
      plain("ts", "shard", 16),
      plain("ts", "rollup_minute_1999", 32),
      plain("bullmq", "job", 64),
    ];
    const report = storageReport({ ...base, tables });
    expect(report.bytes).toBe(2_200 + 127);
    expect(report.resolutions.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(report.bytes);
    expect(report.resolutions.map(({ name }) => name)).toEqual([...RESOLUTIONS]);
    expect(of(report, "queue")?.bytes).toBe(68);
    expect(of(report, "facts")?.bytes).toBe(49);
    expect(of(report, "listeners")?.bytes).toBe(2);
    expect(of(report, "compacted")?.bytes).toBe(58);
  });

  test("raw: rate, forecast, bytes a sample, and the time it is of", () => {
    const tables = stored("snapshot", 10, 500, 1_000, 1_000, 1_000);
    const raw = of(storageReport({ ...base, tables }), "raw");
    expect(raw).toMatchObject({
      bytes: 3_500,
      oldest: NOON - 3 * HOUR,
      newest: NOON,
      retentionMs: 7 * DAY,
      bytesPerDay: 24_000,
      bytesWhenFull: 169_000,
      bytesPerSample: 1.5,
      summary: "7d of raw snapshots will take 169 kB at this rate",
    });
  });

  test("snapshots that are compacted stay raw for as long only", () => {
    const tables = [...stored("snapshot", 10, 500, 1_000), ...stored("snapshot_hour", 10, 0, 2_400)];
    const report = storageReport({ ...base, tables, compactAfterMs: 6 * HOUR });
    expect(of(report, "raw")).toMatchObject({ bytesWhenFull: 7_000, retentionMs: 6 * HOUR });
    expect(of(report, "compacted")).toMatchObject({ bytesWhenFull: 2_400 * 8, bytesPerSample: 0.1 });
  });

  test("what cannot be told yet is null, and the sums with it", () => {
    const young = { since: NOON - HOUR, hosts: 1, unreadable };
    const report = storageReport({
      ...base,
      tables: [...stored("snapshot", null, 500), plain("public", "host", 1)],
      facts: young,
      samples: { raw: null, compacted: null },
      freeBytes: 10,
    });
    expect(report).toMatchObject({ bytes: 501, bytesPerDay: null, bytesWhenFull: null, exceedsDisk: null });
    expect(of(report, "raw")).toMatchObject({ bytesPerDay: null, bytesWhenFull: null, bytesPerSample: null });
    expect(of(report, "raw")?.summary).toBe("what 7d of raw snapshots will take cannot be told yet");
    expect(of(report, "facts")).toMatchObject({ bytesPerDay: null, bytesWhenFull: 1, retentionMs: null });
    const none = storageReport({ ...base, tables: [], facts: { ...young, since: null } });
    expect(of(none, "minutes")).toMatchObject({ bytes: 0, oldest: null, newest: null, bytesWhenFull: null });
  });

  test("a forecast that the disk cannot hold is said", () => {
    const tables = stored("snapshot", 10, 500, 1_000);
    expect(storageReport({ ...base, tables, freeBytes: 169_000 - 1_500 }).exceedsDisk).toBe(false);
    expect(storageReport({ ...base, tables, freeBytes: 169_000 - 1_501 }).exceedsDisk).toBe(true);
  });
});
