import { expect, test } from "vitest";
import { createComposer } from "../../../../agent/message.ts";
import { createSnapshotBuilder, type QueuedSnapshot } from "../../../../agent/snapshot.ts";
import { LIMITS } from "../../../../src/protocol/limits.ts";
import type { Push, WireNamespace } from "../../../../src/protocol/message.ts";
import { EPOCH, snapshot } from "../support/snapshots.ts";

const compose = createComposer({
  id: "2f1d8f8e-59a9-4f0e-8f55-0c7d9f7a1c11",
  key: "k".repeat(43),
  name: "web-1",
});
const NOBODY = new Set<string>();
const A: WireNamespace = { kind: "container", inode: "4026532206", birth: 10, labels: { runtime: "döcker" } };
const B: WireNamespace = { kind: "other", inode: "4026532206", birth: 20 };

const of = (namespace: WireNamespace, at: number, epoch = EPOCH): QueuedSnapshot => ({
  ...snapshot(at, { epoch }),
  namespace,
});

function pushOf(candidates: readonly QueuedSnapshot[]): Push {
  return JSON.parse(compose(candidates, NOBODY, 42).body);
}

test("each namespace is named once in a section, and a snapshot says which it is of; the root needs no entry", () => {
  const [host] = pushOf([snapshot(1), of(A, 2), of(B, 3), of({ ...A }, 4), snapshot(5)]).hosts;
  expect(host?.namespaces).toEqual([A, B]);
  expect(host?.snapshots.map(({ at, namespace }) => [at, namespace])).toEqual([
    [1, undefined],
    [2, 0],
    [3, 1],
    [4, 0],
    [5, undefined],
  ]);
});

test("a section without other namespaces has no list of them", () => {
  expect(pushOf([snapshot(1)]).hosts[0]).not.toHaveProperty("namespaces");
});

test("each epoch's section names its own", () => {
  const sections = pushOf([of(A, 1), of(B, 2, { ...EPOCH, number: 1 })]).hosts;
  expect(sections.map(({ namespaces }) => namespaces)).toEqual([[A], [B]]);
  expect(sections.map(({ snapshots }) => snapshots[0]?.namespace)).toEqual([0, 0]);
});

test("a section names no more namespaces than one may", () => {
  const candidates = Array.from({ length: LIMITS.namespacesPerHost + 3 }, (_one, i) =>
    of({ ...B, birth: i }, i),
  );
  const { snapshots } = compose(candidates, NOBODY, 42);
  expect(snapshots).toHaveLength(LIMITS.namespacesPerHost);
});

test("a push of many namespaces stays inside the body's bound in bytes", () => {
  const candidates = Array.from({ length: 4_000 }, (_one, i) =>
    of({ ...B, birth: i % 900, name: "ü".repeat(250) }, i),
  );
  const { body, snapshots } = compose(candidates, NOBODY, 42);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LIMITS.bodyBytes);
  expect(snapshots.length).toBeGreaterThan(900);
});

test("what goes with the counters is in the snapshot, in ASCII, so that its length is its bytes", () => {
  const sysctls = { "net.core.somaxconn": "4096 ü \u{1f600}" };
  const { json, namespace } = createSnapshotBuilder()({
    names: ["TcpInSegs"],
    values: [1],
    at: 1,
    uptimeMs: 1,
    everyMs: 10_000,
    epoch: EPOCH,
    namespace: A,
    more: { fromZero: true, sysctls },
  });
  expect(namespace).toBe(A);
  expect(JSON.parse(json)).toMatchObject({ fromZero: true, sysctls });
  expect(Buffer.byteLength(json)).toBe(json.length);
});
