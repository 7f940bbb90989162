/** Whether what the agent calls the root is the host's. */
import { expect, test } from "vitest";
import { judgeRoot } from "../../../../agent/namespaces/root.ts";
import { setUp } from "../support/namespace-runs.ts";

test("the root of another procfs is its process 1, and without one there is none", () => {
  const { fake, capability, capabilities } = setUp();
  judgeRoot(fake.procfs, capabilities);
  expect(capability("root")).toEqual({ name: "root", available: true });
  fake.end(1);
  judgeRoot(fake.procfs, capabilities);
  expect(capability("root")).toMatchObject({
    available: false,
    reason: expect.stringContaining("no process 1 is to be seen"),
  });
});

test.each([
  ["the first pid namespace", () => "pid:[4026531836]", true],
  ["a pid namespace of a container", () => "pid:[4026532201]", false],
  [
    "one that cannot be told",
    () => {
      throw new Error("EACCES");
    },
    false,
  ],
])("in %s, the root is judged by it", (_case, pidNamespace, available) => {
  const { capability, capabilities } = setUp();
  judgeRoot("/proc", capabilities, pidNamespace);
  // A test that runs without the host's network is not in the root namespace anyway.
  if (!available) expect(capability("root")?.available).toBe(false);
  else expect(capability("root")?.reason ?? "").not.toContain("processes of its own");
});
