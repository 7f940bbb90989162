import { expect, test } from "vitest";
import { eventsAround } from "../../../src/graphql/event-lookup.ts";

const STARTED = 1_000_000;

function events(from: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({ at: from + index }));
}

test("what led to an incident is told however much happens while it lasts", () => {
  const told = eventsAround([...events(STARTED + 1, 5_000), { at: STARTED - 60_000 }], STARTED);
  expect(told).toHaveLength(100);
  expect(told[0]).toEqual({ at: STARTED + 5_000 });
  expect(told[99]).toEqual({ at: STARTED - 60_000 });
});

test("much before it does not push out all that happened since", () => {
  const told = eventsAround([...events(STARTED - 999, 1_000), ...events(STARTED + 1, 1_000)], STARTED);
  expect(told.filter(({ at }) => at > STARTED)).toHaveLength(50);
  expect(told[50]).toEqual({ at: STARTED });
});
