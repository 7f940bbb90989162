import { describe, expect, it } from "vitest";
import { byteStrings, numbers } from "../../../src/store/array-literal.ts";

describe("array literals", () => {
  it("write numbers with all their digits", () => {
    expect(numbers([])).toBe("{}");
    expect(numbers([0, 1_790_000_000_123, Number.MAX_SAFE_INTEGER])).toBe(
      "{0,1790000000123,9007199254740991}",
    );
  });

  it("tell nothing from no bytes", () => {
    expect(byteStrings([null, Buffer.alloc(0), Buffer.from([0, 255])])).toBe(
      String.raw`{NULL,"\\x","\\x00ff"}`,
    );
  });
});
