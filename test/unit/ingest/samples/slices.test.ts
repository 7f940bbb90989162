import fc from "fast-check";
import { expect, test } from "vitest";
import { slicesOf } from "../../../../src/ingest/samples/slices.ts";
import { layoutHash } from "../../../../src/protocol/layout.ts";
import { LIMITS } from "../../../../src/protocol/limits.ts";
import type { HostSection } from "../../../../src/protocol/message.ts";

const LAYOUTS = Array.from({ length: 80 }, (_, index) => [`Some${index}`]);
const HASHES = LAYOUTS.map(layoutHash);

interface Shape {
  readonly snapshots: number;
  readonly namespaces: number;
  readonly layouts: number;
}

/** A section whose snapshots go through its namespaces and layouts, each that comes first with a time of its own. */
function sectionOf({ snapshots, namespaces, layouts }: Shape, host: number): HostSection {
  return {
    id: `host ${host}`,
    key: "key",
    name: `web-${host}`,
    epoch: { boot: "boot", number: 0, kernel: "unknown", arch: "unknown", wordSize: 64 },
    layouts: Object.fromEntries(HASHES.slice(0, layouts).map((hash, index) => [hash, LAYOUTS[index] ?? []])),
    namespaces: Array.from({ length: namespaces }, (_, index) => ({
      kind: "container",
      inode: String(index),
      birth: 0,
    })),
    snapshots: Array.from({ length: snapshots }, (_, index) => ({
      at: index,
      uptimeMs: index,
      everyMs: 15_000,
      layout: HASHES[index % 80] ?? "",
      values: [index],
      // The first of each round is the host's own.
      ...(index % (namespaces + 1) === 0 ? {} : { namespace: (index % (namespaces + 1)) - 1 }),
    })),
    capabilities: [{ name: "listeners", available: false }],
  };
}

/** What each snapshot says, with what its section says of it. */
function said(sections: readonly HostSection[]) {
  return sections.flatMap(({ id, namespaces, layouts, snapshots }) =>
    snapshots.map(({ at, layout, namespace, values }) => ({
      id,
      at,
      values,
      layout: layouts?.[layout] ?? layout,
      inode: namespace === undefined ? null : namespaces?.[namespace]?.inode,
    })),
  );
}

test("slices are no larger than a push may be, and say together what was to be said", () => {
  const shape = fc.record({
    snapshots: fc.constantFrom(1, 3, 100, 4_999, 5_000, 5_001, 12_000),
    namespaces: fc.constantFrom(0, 1, 999, 1_000, 1_001, 2_500),
    layouts: fc.constantFrom(0, 1, 32, 33, 80),
  });
  fc.assert(
    fc.property(fc.array(shape, { maxLength: 4 }), (shapes) => {
      const sections = shapes.map(sectionOf);
      const slices = [...slicesOf(sections)];
      for (const slice of slices) {
        expect(slice.length).toBeGreaterThan(0);
        const snapshots = slice.reduce((sum, section) => sum + section.snapshots.length, 0);
        expect(snapshots).toBeLessThanOrEqual(LIMITS.snapshotsPerPush);
        for (const { namespaces, layouts } of slice) {
          expect(namespaces?.length ?? 0).toBeLessThanOrEqual(LIMITS.namespacesPerHost);
          expect(Object.keys(layouts ?? {}).length).toBeLessThanOrEqual(LIMITS.layoutsPerHost);
        }
      }
      expect(said(slices.flat())).toEqual(said(sections));
      const told = slices.flat().filter(({ capabilities }) => capabilities !== undefined);
      expect(told.map(({ id }) => id)).toEqual(sections.map(({ id }) => id));
    }),
    { numRuns: 30 },
  );
});

test("a section that fits is not copied, and at most 500 hosts are taken at once", () => {
  const sections = Array.from({ length: 1_001 }, (_, host) =>
    sectionOf({ snapshots: 1, namespaces: 0, layouts: 1 }, host),
  );
  const slices = [...slicesOf(sections)];
  expect(slices.map(({ length }) => length)).toEqual([500, 500, 1]);
  expect(slices.flat().every((section, place) => section === sections[place])).toBe(true);
});
