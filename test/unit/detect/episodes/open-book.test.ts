/** A book that is open for many judgements, against one that is taken whole for each. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  advance,
  type Book,
  emptyBook,
  type Judgement,
  OpenBook,
  type Transition,
} from "../../../../src/detect/episodes/book.ts";
import { Fleet, hosts, stepOf, T0 } from "../support/faulty-fleet.ts";

describe("a book that takes many judgements", () => {
  const causes = ["APPLICATION_SLOW", "APPLICATION_STALLED", "PATH_LOSS", "HOST_SILENT"] as const;
  /** One host judged for itself, now and then of another role, on one of two ports, or gone. */
  const judgements = fc.array(
    fc.record({
      host: fc.integer({ min: 0, max: 11 }),
      role: fc.constantFrom("web", "web", "web", "db", null),
      cause: fc.constantFrom(...causes),
      port: fc.constantFrom(80, 80, 443),
      strength: fc.constantFrom(0, 0, 0.7, 5, 5, 5, null),
      wait: fc.constantFrom(100, 100, 100, 10_000, 10_000, 300_000, 2_000_000),
      gone: fc.constantFrom(false, false, false, false, true),
    }),
    { maxLength: 200 },
  );
  // What flaps is looked at when it is judged, so the two may differ in when they say that it does no longer.
  const plain = ({ episodes, incidents }: Book) => ({
    episodes: [...episodes].sort(),
    incidents: [...incidents].map(([key, one]) => [key, { ...one, flapping: false }]).sort(),
  });

  test("ends as one that is taken whole for each of them", () => {
    fc.assert(
      fc.property(judgements, (all) => {
        const sizes = new Map([
          ["web", 12],
          ["db", 12],
          ["*", 12],
        ]);
        let whole = emptyBook();
        const open = new OpenBook(whole);
        let at = T0;
        for (const { host, role, cause, port, strength, wait, gone } of all) {
          at += wait;
          const subject = `h${host}`;
          const isSilence = cause === "HOST_SILENT";
          const judgement: Judgement = {
            source: subject,
            at,
            judges: isSilence ? "presence" : "counters",
            observations: [
              {
                subject,
                host: subject,
                role,
                cause,
                port: isSilence ? null : port,
                strength,
                severity: "CRITICAL",
              },
            ],
            judged: new Set([subject]),
            ...(gone ? { gone: new Set([subject]) } : {}),
            sizes,
          };
          const next = advance(whole, judgement);
          whole = next.book;
          const told = (one: readonly Transition[] | null) =>
            (one ?? [])
              .filter(({ kind }) => kind !== "flapping")
              .map((entry) => JSON.stringify(entry))
              .sort();
          expect(told(open.take(judgement))).toEqual(told(next.transitions));
          expect(plain(open.book)).toEqual(plain(whole));
        }
      }),
    );
  });

  test("leaves the one that it was opened with as it was", () => {
    const before = new Fleet().run(3, hosts(2)).book;
    const copy = structuredClone(before);
    const open = new OpenBook(before);
    expect(open.take(stepOf(4, hosts(30)))).not.toEqual([]);
    expect(before).toEqual(copy);
    expect(open.take(stepOf(4, []))).toBeNull();
  });
});
