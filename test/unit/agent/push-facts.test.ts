/** What a push says of its sender beside the snapshots: capabilities, health, and that it goes. */
import { expect, test } from "vitest";
import { IDLE, setUp } from "./support/pusher.ts";
import { answered, hangUp, problem, stored } from "./support/service.ts";
import { EPOCH, snapshot } from "./support/snapshots.ts";

test("capabilities go along until they were read, and again when they differ; health with each push", async () => {
  const { service, said, queue, pusher } = await setUp(snapshot(1));
  const health = { cycleCpuMs: 1, childCpuMs: 0, rssBytes: 4, spoolDepth: 2, spoolAgeMs: 3, dropped: {} };
  const before = [{ name: "root", available: true }];
  const after = [{ name: "root", available: false }];
  service.answer(hangUp, problem(503, "UNAVAILABLE"), stored);
  for (let at = 2; at <= 6; at += 1) {
    said.facts = { health, capabilities: at < 6 ? before : after };
    queue.append(snapshot(at));
    await pusher.push();
  }
  const sections = service.received.map(({ push }) => push.hosts.at(-1));
  expect(sections.map((section) => section?.capabilities?.[0]?.available)).toEqual([
    true,
    true,
    true,
    undefined,
    false,
  ]);
  expect(sections.every((section) => section?.health?.rssBytes === 4)).toBe(true);
});

test("a goodbye is said once, also when nothing waits to be sent, and not by an agent that never was heard", async () => {
  const silent = await setUp();
  silent.said.goodbye = "leaving";
  expect(await silent.drain()).toEqual(IDLE);
  expect(silent.service.received).toEqual([]);

  const { service, said, drain } = await setUp(snapshot(1));
  await drain();
  said.goodbye = "leaving";
  expect(await drain()).toEqual(IDLE);
  expect(
    service.received.map(({ push, snapshots: { length } }) => [push.hosts.at(-1)?.goodbye, length]),
  ).toEqual([
    [undefined, 1],
    ["leaving", 0],
  ]);
});

test("a goodbye that goes with the last snapshots needs no push of its own", async () => {
  const { service, said, drain } = await setUp(snapshot(1));
  said.goodbye = "restarting";
  await drain();
  expect(service.received).toHaveLength(1);
});

test("what goes with snapshots that are refused is said again: nobody can tell that it was read", async () => {
  const { service, said, queue, pusher } = await setUp(snapshot(1));
  const next = { epoch: { ...EPOCH, number: 1 } };
  const refusedFrom = (first: number, status: string) =>
    answered(({ at }) =>
      at < first ? { status: "stored" } : { status, code: "MALFORMED", message: "no such form" },
    );
  said.facts = { capabilities: [{ name: "root", available: true }] };
  said.goodbye = "restarting";
  // The third push has two sections: the facts are in the second, and the first is what is taken of it.
  service.answer(refusedFrom(1, "rejected"), refusedFrom(1, "future"), refusedFrom(4, "rejected"), stored);
  await pusher.push();
  queue.append(snapshot(2));
  await pusher.push();
  said.facts = { capabilities: [{ name: "root", available: false }] };
  queue.append(snapshot(3));
  queue.append(snapshot(4, next));
  await pusher.push();
  queue.append(snapshot(5, next));
  await pusher.push();
  expect(
    service.received.map(({ push: { hosts } }) => [
      hosts.length,
      hosts.at(-1)?.capabilities?.[0]?.available,
      hosts.at(-1)?.goodbye,
    ]),
  ).toEqual([
    [1, true, "restarting"],
    [1, true, "restarting"],
    [2, false, "restarting"],
    [1, false, "restarting"],
  ]);
});
