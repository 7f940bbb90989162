import { expect, test } from "vitest";
import { readHandBook, storedHandBook } from "../../../../src/jobs/detect/hand-book.ts";

const NOW = Date.UTC(2026, 10, 22);
const HOUR = 3_600_000;

test("a book of very many sources is stored, without what was judged long before the newest", () => {
  const hand = readHandBook(null);
  const watermarks = new Map(Array.from({ length: 200_000 }, (_, index) => [`h${index}`, NOW + (index % 7)]));
  watermarks.set("old", NOW - 3 * HOUR);
  const stored = storedHandBook({ ...hand, book: { ...hand.book, watermarks } });
  const { book } = readHandBook(stored);
  expect(book.watermarks.size).toBe(200_000);
  expect(book.watermarks.has("old")).toBe(false);
});
