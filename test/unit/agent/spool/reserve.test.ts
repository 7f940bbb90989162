import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeReserve, withReserve } from "../../../../agent/spool/reserve.ts";
import { temporaryFolder } from "../support/procfs.ts";

/** A folder with its reserve, and a write that fails as long as that is there. */
function setUp(code: string) {
  const folder = temporaryFolder(onTestFinished);
  const reserve = join(folder, "reserve");
  makeReserve(folder);
  let tries = 0;
  const write = () => {
    tries += 1;
    if (existsSync(reserve)) throw Object.assign(new Error(`${code}: cannot write`), { code });
  };
  return { folder, write, hasReserve: () => existsSync(reserve), tries: () => tries };
}

test.each(["ENOSPC", "EDQUOT"])("%s: what must be written is, in the room of the reserve", (code) => {
  const { folder, write, hasReserve, tries } = setUp(code);
  withReserve(folder, write);
  expect([tries(), hasReserve()]).toEqual([2, false]);
});

test("a disk that fails otherwise takes nothing from the reserve", () => {
  const { folder, write, hasReserve, tries } = setUp("EROFS");
  expect(() => withReserve(folder, write)).toThrow("EROFS");
  expect([tries(), hasReserve()]).toEqual([1, true]);
});

test("a disk on which the reserve is not enough is said to be full", () => {
  const { folder } = setUp("ENOSPC");
  const full = () => {
    throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
  };
  expect(() => withReserve(folder, full)).toThrow("no space left");
});
