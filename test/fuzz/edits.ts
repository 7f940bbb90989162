/** Real texts and bytes, and what may become of them: pieces left out, said twice, exchanged, cut off. */
import fc from "fast-check";

const LENGTH_MAX = 20_000;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** @param pieces what is put in */
export function edited(originals: readonly string[], pieces: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    kind: fc.constantFrom("cut", "remove", "insert", "repeat"),
    at: place,
    // Most are of a few characters, some of very many.
    length: fc.oneof({ weight: 4, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(LENGTH_MAX) }),
    piece: fc.constantFrom(...pieces),
  });
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([original, edits]) =>
      edits.reduce((text, { kind, at, length, piece }) => {
        const from = Math.floor(at * (text.length + 1));
        const to = Math.min(text.length, from + length);
        const [before, after] = [text.slice(0, from), text.slice(from)];
        if (kind === "cut") return before;
        if (kind === "remove") return before + text.slice(to);
        if (kind === "insert") return (before + piece + after).slice(0, LENGTH_MAX);
        return (text.slice(0, to) + after).slice(0, LENGTH_MAX);
      }, original),
    );
}

/** Bytes of which some are others, and of one in three the end is missing. */
export function damaged(original: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(original, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat())
    .map(([bytes, changes, cut]) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value;
      return cut % 3 === 0 ? copy.subarray(0, cut % (copy.length + 1)) : copy;
    });
}
