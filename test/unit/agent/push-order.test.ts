/** The order of snapshots after an outage: neither what comes nor the backlog waits for the other to end. */
import { expect, test } from "vitest";
import { setUp } from "./support/pusher.ts";
import { hangUp, problem, stored } from "./support/service.ts";
import { layoutOf, snapshot, snapshots } from "./support/snapshots.ts";

test("after an outage each push takes what came since the last one, beside the oldest", async () => {
  const { service, queue, sent, left, pusher } = await setUp(...snapshots(40));
  service.answer(problem(413, "PAYLOAD_TOO_LARGE"), problem(413, "PAYLOAD_TOO_LARGE"), stored);
  await pusher.push();
  await pusher.push();
  queue.append(snapshot(41));
  await pusher.push();
  expect(sent()[2]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 41]);
  queue.append(snapshot(42));
  await pusher.push();
  expect(sent()[3]?.slice(-2)).toEqual([28, 42]);
  expect(left()).toEqual([29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
});

test("after tries that had room for one alone, what came before them is backlog, and goes behind what comes", async () => {
  const { service, queue, sent, pusher } = await setUp(...snapshots(40));
  service.answer(hangUp);
  // Each try that is cut off halves the next: 40, 20, 10, 5, 3, 2, 1.
  for (let i = 0; i < 3; i += 1) await pusher.push();
  for (let at = 41; at <= 80; at += 1) queue.append(snapshot(at));
  for (let i = 0; i < 4; i += 1) await pusher.push();
  service.answer(stored);
  queue.append(snapshot(81));
  await pusher.push();
  queue.append(snapshot(82));
  await pusher.push();
  expect(sent().slice(-2)).toEqual([[81], [1, 82]]);
});

test("with room for one alone, newest and oldest take turns", async () => {
  const { service, queue, sent, pusher } = await setUp(snapshot(1), snapshot(2), snapshot(3));
  service.answer((received, response) => {
    (received.snapshots.length > 1 ? problem(413, "PAYLOAD_TOO_LARGE") : stored)(received, response);
  });
  await pusher.push();
  await pusher.push();
  queue.append(snapshot(4));
  for (let i = 0; i < 8; i += 1) await pusher.push();
  const taken = sent().filter((ats) => ats.length === 1);
  expect(taken.flat().slice(0, 2)).toEqual([4, 1]);
  expect(taken.flat().sort()).toEqual([1, 2, 3, 4]);
});

test("what came last is not cut off by a body that is full", async () => {
  const wide = layoutOf(Array.from({ length: 2_000 }, (_one, i) => `TcpExtCounterNumber${i}`));
  const { queue, sent, drain, left } = await setUp(
    ...Array.from({ length: 300 }, (_one, i) => snapshot(i + 1, { layout: wide })),
  );
  queue.append(snapshot(301, { layout: wide }));
  await drain();
  expect(sent().length).toBeGreaterThan(2);
  expect(left()).toEqual([]);
  for (let at = 1_000; at < 1_300; at += 1) queue.append(snapshot(at, { layout: wide }));
  const before = sent().length;
  await drain();
  expect(sent()[before]?.[0]).toBe(1_000);
});
