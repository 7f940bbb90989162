import { expect, test } from "vitest";
import { createComposer, type Sender } from "../../../agent/message.ts";
import { AGENT_VERSION } from "../../../agent/version.ts";
import { LIMITS } from "../../../src/protocol/limits.ts";
import type { Push } from "../../../src/protocol/message.ts";
import { EPOCH, LAYOUT, layoutOf, snapshot, snapshots } from "./support/snapshots.ts";

const sender: Sender = {
  id: "2f1d8f8e-59a9-4f0e-8f55-0c7d9f7a1c11",
  key: "k".repeat(43),
  name: 'web-1 "ünïcode"',
  labels: { role: "web" },
};
const compose = createComposer(sender);
const NOBODY = new Set<string>();
const EPOCH_1 = { ...EPOCH, number: 1 };

function pushOf(candidates: Parameters<typeof compose>[0], acknowledged: ReadonlySet<string> = NOBODY): Push {
  return JSON.parse(compose(candidates, acknowledged, 42).body);
}

test("a push says who sends it, of which epoch, with names that the service has not acknowledged", () => {
  expect(pushOf([snapshot(1), snapshot(2)])).toEqual({
    protocol: 1,
    agent: { version: AGENT_VERSION, clock: 42 },
    hosts: [
      {
        ...sender,
        epoch: EPOCH,
        layouts: { [LAYOUT.hash]: LAYOUT.names },
        snapshots: [snapshot(1), snapshot(2)].map(({ json }) => JSON.parse(json)),
      },
    ],
  });
});

test("a host that is given another name says so from the next push on", () => {
  let name = "localhost";
  const named = createComposer(sender, () => name);
  const sectionOf = () => (JSON.parse(named([snapshot(1)], NOBODY, 42).body) as Push).hosts[0];
  expect(sectionOf()).toMatchObject({ ...sender, name: "localhost" });
  name = "web-2";
  expect(sectionOf()).toMatchObject({ ...sender, name: "web-2" });
  expect(pushOf([snapshot(1)]).hosts[0]?.name).toBe(sender.name);
});

test("names that the service has acknowledged are left out", () => {
  const composed = compose([snapshot(1)], new Set([LAYOUT.hash]), 42);
  expect(JSON.parse(composed.body).hosts[0]).not.toHaveProperty("layouts");
  expect([...composed.named]).toEqual([]);
});

test("each epoch has its own section, in order, so that results can be told by place", () => {
  const candidates = [snapshot(1), snapshot(2, { epoch: EPOCH_1 }), snapshot(3, { epoch: { ...EPOCH_1 } })];
  const sections = pushOf(candidates).hosts;
  expect(sections.map(({ epoch, snapshots }) => [epoch.number, snapshots.map(({ at }) => at)])).toEqual([
    [0, [1]],
    [1, [2, 3]],
  ]);
  expect(sections.every(({ id, layouts }) => id === sender.id && layouts?.[LAYOUT.hash] !== undefined)).toBe(
    true,
  );
});

test("two layouts in one section are both named", () => {
  const other = layoutOf(["TcpInSegs"]);
  const composed = compose([snapshot(1), snapshot(2, { layout: other })], NOBODY, 42);
  expect([...composed.named]).toEqual([LAYOUT.hash, other.hash]);
  expect(Object.keys(JSON.parse(composed.body).hosts[0].layouts)).toEqual([LAYOUT.hash, other.hash]);
});

test("a push stays inside the body's bound in bytes, and takes the oldest first", () => {
  const wide = layoutOf(Array.from({ length: 2_000 }, (_one, i) => `TcpExtCounterNumber${i}`));
  const candidates = Array.from({ length: 200 }, (_one, i) => snapshot(i + 1, { layout: wide }));
  const { body, snapshots: taken } = compose(candidates, NOBODY, 42);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LIMITS.bodyBytes);
  expect(Buffer.byteLength(body)).toBeGreaterThan(LIMITS.bodyBytes * 0.95);
  expect(taken).toEqual(candidates.slice(0, taken.length));
  expect(taken.length).toBeLessThan(200);
});

test("a push carries no more snapshots than one may", () => {
  const { snapshots: taken } = compose(snapshots(LIMITS.snapshotsPerPush + 10), NOBODY, 42);
  expect(taken).toHaveLength(LIMITS.snapshotsPerPush);
});

test("a section names no more layouts than one may", () => {
  const candidates = Array.from({ length: LIMITS.layoutsPerHost + 1 }, (_one, i) =>
    snapshot(i, { layout: layoutOf([`Tcp${i}`]) }),
  );
  const { snapshots: taken } = compose(candidates, NOBODY, 42);
  expect(taken).toHaveLength(LIMITS.layoutsPerHost);
});

test("facts go with the last section, and nothing else of the object that has them", () => {
  const health = { cycleCpuMs: 1, childCpuMs: 0, rssBytes: 4, spoolDepth: 2, spoolAgeMs: 3, dropped: {} };
  const capabilities = [{ name: "root", available: true }];
  const facts = { health, capabilities, goodbye: "leaving" as const, secret: "no" };
  const { body } = compose([snapshot(1), snapshot(2, { epoch: EPOCH_1 })], NOBODY, 42, facts);
  const [first, last] = (JSON.parse(body) as Push).hosts;
  expect(first).not.toHaveProperty("health");
  expect(last).toMatchObject({ epoch: EPOCH_1, health, capabilities, goodbye: "leaving" });
  expect(last).not.toHaveProperty("secret");
});

test("with no snapshot, facts have a section of the epoch given", () => {
  const { body, snapshots: taken } = compose([], NOBODY, 42, { goodbye: "restarting" }, EPOCH);
  expect(taken).toEqual([]);
  expect(JSON.parse(body).hosts).toEqual([{ ...sender, epoch: EPOCH, goodbye: "restarting", snapshots: [] }]);
});
