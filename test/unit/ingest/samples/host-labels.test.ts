import fc from "fast-check";
import { expect, test } from "vitest";
import { HostLabels } from "../../../../src/ingest/samples/host-labels.ts";

const MINUTE = 60_000;
const T0 = 1_790_000_000_000;

/** What is taken for the labels of a host, request by request, each so many minutes after the first. */
function taken(...requests: readonly (readonly [minutes: number, labels: Record<string, string>])[]) {
  const hosts = new HostLabels(10);
  return requests.map(([minutes, labels]) => hosts.of("a", labels, T0 + minutes * MINUTE));
}

test("a label that changes holds at once, and one that is gone is gone", () => {
  expect(
    taken([0, { role: "web", zone: "1" }], [1, { role: "api", zone: "1" }], [2, { role: "api" }]),
  ).toEqual([{ role: "web", zone: "1" }, { role: "api", zone: "1" }, { role: "api" }]);
});

test("a label that two senders have by turns is none, and is one again ten minutes after it was last seen to vary", () => {
  const [a, b] = [
    { role: "web", replica: "a" },
    { role: "web", replica: "b" },
  ];
  expect(taken([0, a], [1, b], [2, a], [3, b], [13, b], [14, b], [15, b])).toEqual([
    a,
    b,
    { role: "web" },
    { role: "web" },
    { role: "web" },
    b,
    b,
  ]);
});

test("so is one that only one of two senders has, of whatever name", () => {
  const [with_, without] = [{ role: "web", constructor: "x" }, { role: "web" }];
  expect(taken([0, with_], [1, without], [2, with_], [3, without]).slice(2)).toEqual([without, without]);
});

test("two changes that lie further apart are two changes", () => {
  const roles = ["web", "api", "web"].map((role) => ({ role }));
  expect(taken(...roles.map((labels, index) => [index * 11, labels] as const))).toEqual(roles);
});

test("what is older than a change comes late, and does not undo it", () => {
  const [old, now] = [{ role: "web" }, { role: "api" }];
  expect(taken([0, old], [2, now], [1, old], [3, now])).toEqual([old, now, now, now]);
});

test("what is much older than the newest that was heard says nothing, also long after a change", () => {
  const [old, now] = [{ role: "web" }, { role: "api" }];
  expect(taken([0, old], [1, now], [60, now], [2, old], [0, old], [61, now])).toEqual([
    old,
    now,
    now,
    now,
    now,
    now,
  ]);
});

test("of what senders say by turns at last only that is left which all of them say", () => {
  const labels = fc.dictionary(fc.constantFrom("a", "b", "constructor"), fc.constantFrom("", "1", "2"));
  fc.assert(
    fc.property(fc.array(labels, { minLength: 1, maxLength: 4 }), (senders) => {
      const rounds = [0, 1, 2, 3].flatMap((round) =>
        senders.map((said, index) => [round + index / 10, said] as const),
      );
      const names = Object.keys(senders[0] ?? {}).filter((name) =>
        senders.every((said) => Object.hasOwn(said, name) && said[name] === senders[0]?.[name]),
      );
      const common = Object.fromEntries(names.map((name) => [name, senders[0]?.[name]]));
      for (const kept of taken(...rounds).slice(-senders.length)) expect(kept).toEqual(common);
    }),
  );
});

test("hosts are told apart, and one that is not remembered is taken at its word", () => {
  const hosts = new HostLabels(1);
  for (const [id, role] of [
    ["a", "web"],
    ["b", "api"],
    ["a", "api"],
    ["b", "web"],
    ["a", "web"],
  ] as const) {
    expect(hosts.of(id, { role }, T0)).toEqual({ role });
  }
});
