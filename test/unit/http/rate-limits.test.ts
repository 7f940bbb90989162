import { expect, test } from "vitest";
import { RateLimits } from "../../../src/http/rate-limits.ts";
import type { Actor } from "../../../src/store/tokens.ts";

const SETTINGS = { api: 3, ingest: 4, stranger: 2, signIn: 1 };
const actor = (id: string | null, name = "ann", kind: Actor["kind"] = "token"): Actor => ({
  kind,
  id,
  name,
  scopes: [],
});

/** How many of ten are let through. */
async function letThrough(come: () => Promise<void>): Promise<number> {
  let count = 0;
  for (let time = 0; time < 10; time++) {
    try {
      await come();
      count++;
    } catch (error) {
      expect(error).toMatchObject({
        code: "RATE_LIMITED",
        details: { retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds >= 1 && seconds <= 60) },
      });
    }
  }
  return count;
}

test("each caller has a budget of its own, and pushes have another", async () => {
  const limits = new RateLimits(SETTINGS, null);
  expect(await letThrough(() => limits.call(actor("1")))).toBe(3);
  expect(await letThrough(() => limits.call(actor("2")))).toBe(3);
  expect(await letThrough(() => limits.push("1"))).toBe(4);
  // A browser is counted apart from the token that signed it in, and people by their names.
  expect(await letThrough(() => limits.call(actor("1", "ann", "session")))).toBe(3);
  // And from the other browsers that it signed in.
  const browser = (session: string) => ({ ...actor("1", "ann", "session"), session });
  expect(await letThrough(() => limits.call(browser("a")))).toBe(3);
  expect(await letThrough(() => limits.call(browser("b")))).toBe(3);
  expect(await letThrough(() => limits.call(actor(null, "ann", "proxy")))).toBe(3);
  expect(await letThrough(() => limits.call(actor(null, "ben", "proxy")))).toBe(3);
});

test("strangers are counted by address, of IPv6 by network, and may guess while something is left", async () => {
  const limits = new RateLimits(SETTINGS, null);
  expect(await letThrough(() => limits.mayGuess("192.0.2.1"))).toBe(10);
  expect(await letThrough(() => limits.stranger("192.0.2.1"))).toBe(2);
  expect(await letThrough(() => limits.mayGuess("192.0.2.1"))).toBe(0);
  expect(await letThrough(() => limits.mayGuess("192.0.2.2"))).toBe(10);
  let host = 0;
  expect(await letThrough(() => limits.stranger(`2001:db8::${++host}`))).toBe(2);
  expect(await letThrough(() => limits.stranger(`2001:db8:0:0:ffff::${++host}`))).toBe(0);
  expect(await letThrough(() => limits.stranger("2001:db8:0:1::1"))).toBe(2);
  expect(await letThrough(() => limits.stranger("64:ff9b::192.0.2.1"))).toBe(2);
  expect(await letThrough(() => limits.stranger("64:ff9b:0:0:1:2:3:4"))).toBe(0);
  expect(await letThrough(() => limits.signIn("192.0.2.1"))).toBe(1);
});

test("0 sets no limit", async () => {
  const limits = new RateLimits({ api: 0, ingest: 0, stranger: 0, signIn: 0 }, null);
  for (const come of [
    () => limits.call(actor("1")),
    () => limits.push("1"),
    () => limits.stranger("192.0.2.1"),
    () => limits.mayGuess("192.0.2.1"),
    () => limits.signIn("192.0.2.1"),
  ]) {
    expect(await letThrough(come)).toBe(10);
  }
});
