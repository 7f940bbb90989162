import { expect, test } from "vitest";
import type { Ended, Execute } from "../../../../agent/listeners/execute.ts";
import { createSsRunner } from "../../../../agent/listeners/run-ss.ts";

const NEVER = new AbortController().signal;
const OK: Ended = { stdout: Buffer.from("LISTEN"), stderr: "", code: 0, tooLong: false };

function played(...answers: Partial<Ended>[]) {
  const calls: string[] = [];
  const execute: Execute = (file, args) => {
    calls.push([file, ...args].join(" "));
    return Promise.resolve({ ...OK, ...answers[Math.min(calls.length, answers.length) - 1] });
  };
  return { calls, run: createSsRunner(execute) };
}

test("in its own namespace ss is run as it is, in another by nsenter", async () => {
  const { calls, run } = played({});
  expect(await run(null, NEVER, "sockets")).toEqual({ kind: "output", output: Buffer.from("LISTEN") });
  await run("/host/proc/7/ns/net", NEVER, "sockets");
  await run(null, NEVER, "details");
  expect(calls).toEqual(["ss -ltmD -", "nsenter --net=/host/proc/7/ns/net -- ss -ltmD -", "ss -ltne"]);
});

test.each([
  ["no ss", null, { code: "ENOENT" }, { kind: "absent", program: "ss" }],
  ["no nsenter", "/proc/7/ns/net", { code: "ENOENT" }, { kind: "absent", program: "nsenter" }],
  [
    "nsenter, but no ss",
    "/proc/7/ns/net",
    { code: 127, stderr: "nsenter: failed to execute ss: No such file or directory\n" },
    { kind: "absent", program: "ss" },
  ],
  [
    "not allowed",
    "/proc/7/ns/net",
    { code: 1, stderr: "nsenter: reassociate to namespace 'ns/net' failed: Operation not permitted\n" },
    { kind: "failed", forbidden: true },
  ],
  [
    "a namespace that is gone",
    "/proc/7/ns/net",
    { code: 1, stderr: "nsenter: cannot open /proc/7/ns/net: No such file or directory\n" },
    { kind: "failed", forbidden: false },
  ],
  [
    "another ss",
    null,
    { code: 1, stderr: "ss: unrecognized option: D\n" },
    { kind: "failed", forbidden: false },
  ],
  ["the deadline", null, { code: null }, { kind: "failed", reason: "it did not end within 5000 ms" }],
  [
    "too much",
    null,
    { code: "ERR", tooLong: true },
    { kind: "failed", reason: "it printed more than 4194304 bytes" },
  ],
] as const)("%s", async (_case, enter, ended, expected) => {
  expect(await played(ended).run(enter, NEVER, "sockets")).toMatchObject(expected);
});

test("the real one, where ss is installed, gives an answer of a known kind", async () => {
  const { kind } = await createSsRunner()(null, NEVER, "sockets");
  expect(["output", "absent"]).toContain(kind);
});

test("a run that is given up is a failure", async () => {
  expect(await createSsRunner()(null, AbortSignal.abort(), "sockets")).toMatchObject({
    kind: "failed",
    forbidden: false,
  });
});
