import { expect, test } from "vitest";
import type { SsAnswer } from "../../../../agent/listeners/run-ss.ts";
import { createListenerSource, type Target } from "../../../../agent/listeners/source.ts";
import { diagDump } from "../support/diag.ts";
import { fixture, fixtureBytes } from "./fixtures.ts";

const ROOT: Target = { root: true, netDir: "/proc/self/net", enter: null };
const POD: Target = { root: false, netDir: "/proc/7/net", enter: "/proc/7/ns/net" };
const OTHER_POD: Target = { root: false, netDir: "/proc/8/net", enter: "/proc/8/ns/net" };
const NEVER = new AbortController().signal;
const GOOD: SsAnswer = { kind: "output", output: fixtureBytes("iproute2-6.1.diag") };
const DETAILS: SsAnswer = { kind: "output", output: Buffer.from(fixture("iproute2-6.1-details.txt")) };
const WITHOUT_DIAG: SsAnswer = { kind: "output", output: Buffer.alloc(0) };
const QUEUE = { address: "0.0.0.0", port: 80, inode: "1", acceptQueue: 3, limit: null, drops: null, uid: 0 };

function setUp({ mayEnter = true, noProc = false } = {}) {
  const state = { nowMs: 0, answer: GOOD as SsAnswer, asked: 0, runs: [] as (string | null)[] };
  const capabilities: Record<string, string> = {};
  const source = createListenerSource({
    runSs: (enter, _signal, question) => {
      if (question === "details") {
        state.asked += 1;
        return Promise.resolve(DETAILS);
      }
      state.runs.push(enter);
      return Promise.resolve(state.answer);
    },
    readProc: () => {
      if (noProc) throw new Error("EACCES: permission denied, open '/proc/self/net/tcp'");
      return [QUEUE];
    },
    mayEnter,
    setCapability: (name, available, reason) => {
      capabilities[name] = available ? "available" : (reason ?? "");
    },
    now: () => state.nowMs,
  });
  return { state, capabilities, sample: (target: Target) => source.sample(target, NEVER) };
}

test("what ss says, when it asked the kernel", async () => {
  const { sample, capabilities } = setUp();
  const seen = await sample(ROOT);
  expect(seen?.source).toBe("ss");
  expect(seen?.sockets).toHaveLength(9);
  expect(capabilities).toEqual({ listeners: "available", "listeners.limits": "available" });
});

test("the details, which are dear, are asked for once for each cgroup", async () => {
  const { sample, state } = setUp();
  expect((await sample(ROOT))?.sockets.map(({ cgroup }) => cgroup)).toContain("/my web");
  await sample(POD);
  expect((await sample(ROOT))?.sockets.map(({ cgroup }) => cgroup)).toContain("/my web");
  expect([state.runs.length, state.asked]).toEqual([3, 1]);
  state.answer = { kind: "output", output: diagDump([{ cgroupId: 4_711n }]) };
  await sample(ROOT);
  await sample(ROOT);
  expect(state.asked).toBe(2);
});

test.each([
  ["no ss", { kind: "absent", program: "ss" }, "install iproute2"],
  ["no tcp_diag", WITHOUT_DIAG, "modprobe tcp_diag"],
  [
    "bytes of no known form",
    { kind: "output", output: Buffer.from("Segmentation fault\n") },
    "cannot read message 1",
  ],
] as const)(
  "%s: the queues alone, why, and ss is left alone for ten minutes",
  async (_case, answer, words) => {
    const { sample, capabilities, state } = setUp();
    state.answer = answer;
    expect(await sample(ROOT)).toEqual({ source: "proc", sockets: [QUEUE] });
    expect(capabilities["listeners.limits"]).toContain(words);
    expect(capabilities.listeners).toBe("available");
    state.nowMs = 599_999;
    await sample(ROOT);
    expect(state.runs).toHaveLength(1);
    state.nowMs = 600_000;
    state.answer = GOOD;
    expect((await sample(ROOT))?.source).toBe("ss");
    expect(capabilities["listeners.limits"]).toBe("available");
  },
);

test("a deadline that passed is tried again after half a minute", async () => {
  const { sample, capabilities, state } = setUp();
  state.answer = { kind: "failed", reason: "it did not end within 5000 ms", forbidden: false };
  expect((await sample(ROOT))?.source).toBe("proc");
  expect(capabilities["listeners.limits"]).toBe("ss gave no answer: it did not end within 5000 ms");
  state.nowMs = 30_000;
  await sample(ROOT);
  expect(state.runs).toHaveLength(2);
});

test("neither ss nor /proc: no sample, and both reasons", async () => {
  const { sample, capabilities, state } = setUp({ noProc: true });
  state.answer = { kind: "absent", program: "ss" };
  expect(await sample(ROOT)).toBeNull();
  expect(capabilities.listeners).toMatch(/permission denied.*install iproute2/);
});

test("privileged: another namespace is entered", async () => {
  const { sample, capabilities, state } = setUp();
  expect((await sample(POD))?.source).toBe("ss");
  expect(state.runs).toEqual(["/proc/7/ns/net"]);
  expect(capabilities).toEqual({ "listeners.namespaces": "available" });
});

test("not privileged: another namespace by /proc alone, without a try", async () => {
  const { sample, capabilities, state } = setUp({ mayEnter: false });
  expect(await sample(POD)).toEqual({ source: "proc", sockets: [QUEUE] });
  expect(state.runs).toEqual([]);
  expect(capabilities["listeners.namespaces"]).toContain("CAP_SYS_ADMIN and CAP_SYS_PTRACE");
  expect((await sample(ROOT))?.source).toBe("ss");
  expect(capabilities["listeners.limits"]).toBe("available");
});

test.each([
  ["no nsenter", { kind: "absent", program: "nsenter" }, "install util-linux"],
  ["refused", { kind: "failed", reason: "Operation not permitted", forbidden: true }, "CAP_SYS_ADMIN"],
] as const)("%s: holds for all other namespaces, and not for the root", async (_case, answer, words) => {
  const { sample, capabilities, state } = setUp();
  state.answer = answer;
  expect((await sample(POD))?.source).toBe("proc");
  expect(capabilities["listeners.namespaces"]).toContain(words);
  state.answer = GOOD;
  expect((await sample(OTHER_POD))?.source).toBe("proc");
  expect((await sample(ROOT))?.source).toBe("ss");
  expect(state.runs).toEqual(["/proc/7/ns/net", null]);
});

test("a namespace that ended while it was looked at says nothing about the others", async () => {
  const { sample, capabilities, state } = setUp();
  state.answer = { kind: "failed", reason: "No such file or directory", forbidden: false };
  await sample(POD);
  expect(capabilities).toEqual({});
  state.answer = GOOD;
  expect((await sample(OTHER_POD))?.source).toBe("ss");
});
