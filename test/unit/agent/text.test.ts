import fc from "fast-check";
import { expect, test } from "vitest";
import { sendable } from "../../../agent/text.ts";
import { isStorable } from "../../../src/store/storable.ts";

test.each([
  ["what is plain stays as it is", "nginx.service", 253, "nginx.service"],
  ["a NUL is replaced", "a\0b", 253, "a?b"],
  ["so is what steers a terminal", "e\u001b[31mvil\u009b", 253, "e?[31mvil?"],
  ["half of a pair as well", "a\ud83db\udc00", 253, "a\ufffdb\ufffd"],
  ["a text that is too long is cut", "abcdef", 4, "abcd"],
  ["never within a character", "abc\u{1f600}", 4, "abc"],
  ["nor before one that still fits", "ab\u{1f600}c", 4, "ab\u{1f600}"],
])("%s", (_case, text, max, expected) => expect(sendable(text, max)).toBe(expected));

test("whatever it is, it can be stored, is no longer than it may be, and is left alone the next time", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.nat(20), (text, max) => {
      const cut = sendable(text.replace(/./u, "\ud800\0"), max);
      expect(isStorable(cut)).toBe(true);
      expect(cut.length).toBeLessThanOrEqual(max);
      expect(sendable(cut, max)).toBe(cut);
    }),
  );
});
