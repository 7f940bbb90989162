import { expect, test } from "vitest";
import { createComposer } from "../../../agent/message.ts";
import type { KnownNamespace } from "../../../agent/namespaces/registry.ts";
import { lookOnce, pushOnce } from "../../../agent/once.ts";
import type { QueuedSnapshot } from "../../../agent/snapshot.ts";
import { LIMITS } from "../../../src/protocol/limits.ts";
import type { Push } from "../../../src/protocol/message.ts";
import { snapshot } from "./support/snapshots.ts";

const compose = createComposer({
  id: "2f1d8f8e-59a9-4f0e-8f55-0c7d9f7a1c11",
  key: "k".repeat(43),
  name: "web-1",
});

const root = snapshot(1_000_000);

function others(count: number): QueuedSnapshot[] {
  return Array.from({ length: count }, (_one, i) => ({
    ...snapshot(i),
    namespace: { kind: "other" as const, inode: String(i), birth: 1 },
  }));
}

/** Pushes to a service that answers each snapshot with what the function says. */
async function pushed(some: readonly QueuedSnapshot[], answer: (place: number) => object) {
  const bodies: Push[] = [];
  const result = await pushOnce(some, root, {
    compose,
    transport: {
      async send(body) {
        const push: Push = JSON.parse(body);
        bodies.push(push);
        const results = push.hosts.flatMap((host) => host.snapshots).map((_one, place) => answer(place));
        const text = JSON.stringify({ time: 1, results, config: { intervalMs: 10_000, jitterMs: 0 } });
        return { kind: "status", status: 200, headers: {}, text };
      },
      close() {},
    },
    wallClock: () => 42,
    uptimeMs: () => 1,
    learn: () => undefined,
  });
  return {
    result,
    ats: bodies.map(({ hosts }) => hosts.flatMap((host) => host.snapshots.map(({ at }) => at))),
  };
}

test("all namespaces go in one push, the root last", async () => {
  const { result, ats } = await pushed(others(3), () => ({ status: "stored" }));
  expect(ats).toEqual([[0, 1, 2, root.at]]);
  expect(result).toEqual({ reason: null, pushed: 4, leftOut: 0 });
});

test("what one push has no room for is left out and counted; the root is not", async () => {
  const extra = 7;
  const { result, ats } = await pushed(others(LIMITS.namespacesPerHost + extra), () => ({
    status: "stored",
  }));
  expect(ats).toHaveLength(1);
  expect(ats[0]?.at(-1)).toBe(root.at);
  expect(result.reason).toBeNull();
  expect(result.pushed + result.leftOut).toBe(LIMITS.namespacesPerHost + extra + 1);
  expect(result.leftOut).toBeGreaterThanOrEqual(extra);
  expect(result.leftOut).toBeLessThanOrEqual(extra + 1);
});

test("a snapshot that is refused is said, with how many were", async () => {
  const refuse = (place: number) =>
    place < 2 ? { status: "rejected", code: "CONFLICT", message: "It is there." } : { status: "duplicate" };
  expect((await pushed(others(3), refuse)).result.reason).toBe(
    "2 of 4 snapshots: rejected: CONFLICT: It is there.",
  );
  expect((await pushed([], refuse)).result.reason).toBe("rejected: CONFLICT: It is there.");
});

test("listeners of the root and of each namespace are looked at, through a process that is there", async () => {
  const seen: unknown[] = [];
  const namespace = (inode: string, pids: readonly number[]) =>
    ({ inode: Number(inode), wire: { kind: "other", inode, birth: 5 }, pids }) as unknown as KnownNamespace;
  await lookOnce(
    {
      note: (key, { place }) => seen.push(["note", key, place]),
      look: async (key) => seen.push(["look", key]) > 0,
    },
    { find: () => [namespace("10", [100, 101]), namespace("20", [])] },
    10_000,
  );
  expect(seen).toEqual([
    ["look", undefined],
    ["note", "10-5", { pid: 100, inode: 10 }],
    ["look", "10-5"],
  ]);
});
