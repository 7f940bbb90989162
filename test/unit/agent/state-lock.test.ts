import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lockStateFolder, waitForLock } from "../../../agent/state-lock.ts";
import { temporaryFolder } from "./support/procfs.ts";

test("a folder is taken once, and is free when given up", () => {
  const folder = temporaryFolder(onTestFinished);
  const unlock = lockStateFolder(folder);
  expect(lockStateFolder(folder)).toEqual({ heldBy: process.pid });
  if (typeof unlock === "function") unlock();
  expect(readdirSync(folder)).toEqual([]);
  expect(typeof lockStateFolder(folder)).toBe("function");
});

test.each([
  ["a process that is no more", "4194304999 123\n"],
  ["another process that has its id now", `${process.pid} 1\n`],
  ["nobody, its text being lost", ""],
])("the lock of %s is taken over", (_case, text) => {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, "agent.lock"), text);
  expect(typeof lockStateFolder(folder)).toBe("function");
  expect(readFileSync(join(folder, "agent.lock"), "utf8")).toMatch(new RegExp(`^${process.pid} [0-9]+\n$`));
});

test("who waits in vain is told who has it and what to do", async () => {
  const folder = temporaryFolder(onTestFinished);
  lockStateFolder(folder);
  await expect(waitForLock(folder, 0)).rejects.toThrow(
    `cannot use the state folder ${folder}: the agent of process ${process.pid} has it; stop that one, or give another --state-dir`,
  );
});
