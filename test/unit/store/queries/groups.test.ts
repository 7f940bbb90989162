import { describe, expect, test } from "vitest";
import type { HostRecord, NamespaceOwner } from "../../../../src/store/directory.ts";
import type { Fleet } from "../../../../src/store/fleet-view.ts";
import { currentLabels, groupNamespaces, type LabelSpan } from "../../../../src/store/queries/groups.ts";
import { Membership, NO_GROUP } from "../../../../src/store/queries/membership.ts";

const MINUTE = 60_000;
const range = { from: 100 * MINUTE, to: 200 * MINUTE };

const host = (id: number, labels: Record<string, string>) => ({ id, labels }) as unknown as HostRecord;
const hosts = [host(1, { role: "web" }), host(2, { role: "db", app: "host" })];
const fleet = {
  namespacesOf: new Map<number, NamespaceOwner[]>([
    [1, [{ id: 256, hostId: 1, labels: {} }]],
    [
      2,
      [
        { id: 257, hostId: 2, labels: {} },
        { id: 258, hostId: 2, labels: { app: "shop", constructor: "me" } },
      ],
    ],
  ]),
} as unknown as Fleet;

describe("grouping", () => {
  test("without labels everything is one group, and it is there without hosts", () => {
    const groups = groupNamespaces(fleet, hosts, [], range, currentLabels);
    expect(groups).toEqual({
      labels: [{}],
      of: new Map([
        [256, 0],
        [257, 0],
        [258, 0],
      ]),
      changes: [],
    });
    expect(groupNamespaces(fleet, [], [], range, currentLabels).labels).toEqual([{}]);
    expect(groupNamespaces(fleet, [], ["role"], range, currentLabels).labels).toEqual([]);
  });

  test("a container's label goes before its host's; what objects inherit is no label", () => {
    const groups = groupNamespaces(fleet, hosts, ["app", "constructor"], range, currentLabels);
    expect(groups.labels).toEqual([
      { app: "", constructor: "" },
      { app: "host", constructor: "" },
      { app: "shop", constructor: "me" },
    ]);
    expect([...groups.of]).toEqual([
      [256, 0],
      [257, 1],
      [258, 2],
    ]);
  });

  test("a label that changed splits the past at the first minute that began with it", () => {
    const spans: LabelSpan[] = [
      { from: 0, labels: { role: "old" } },
      { from: 50 * MINUTE, labels: { role: "web" } },
      { from: 150 * MINUTE + 1, labels: { role: "db" } },
      { from: 150 * MINUTE + 30_000, labels: { role: "cache" } },
      { from: 160 * MINUTE, labels: { role: "cache", other: "label" } },
      { from: 200 * MINUTE, labels: { role: "later" } },
    ];
    const { labels, of, changes } = groupNamespaces(fleet, hosts.slice(0, 1), ["role"], range, () => spans);
    expect(labels).toEqual([{ role: "web" }, { role: "cache" }]);
    expect([...of]).toEqual([[256, 0]]);
    expect(changes).toEqual([{ from: 151 * MINUTE, namespaceId: 256, group: 1 }]);
  });

  test("labels that began within the range held before it as well", () => {
    const { labels, changes } = groupNamespaces(fleet, hosts.slice(0, 1), ["role"], range, () => [
      { from: 150 * MINUTE, labels: { role: "web" } },
    ]);
    expect([labels, changes]).toEqual([[{ role: "web" }], []]);
  });
});

describe("membership", () => {
  const groups = {
    labels: [{}, {}],
    of: new Map([
      [256, 0],
      [258, 1],
    ]),
    changes: [
      { from: 5, namespaceId: 256, group: 1 },
      { from: 7, namespaceId: 256, group: 0 },
    ],
  };

  test("follows the changes in the order of time, and tells of each before it takes place", () => {
    const membership = new Membership(groups, () => 1);
    const members = membership.of(1);
    const seen: number[] = [];
    const advance = (to: number) =>
      membership.advance(to, (shard, position) => seen.push(shard.group[position] ?? NO_GROUP));
    expect([members?.group[0], members?.group[1], members?.group[2]]).toEqual([0, NO_GROUP, 1]);
    advance(4);
    expect(seen).toEqual([]);
    advance(5);
    expect([members?.group[0], ...seen]).toEqual([1, 0]);
    advance(100);
    expect([members?.group[0], ...seen]).toEqual([0, 0, 1]);
    expect(membership.of(2)).toBeNull();
  });

  test("hosts are told apart within a group, and namespaces of one are not", () => {
    const all = new Membership(null, (id) => (id < 258 ? 1 : id));
    const members = all.of(1);
    if (members === null) throw new Error("no members");
    const [one, same, other] = [0, 1, 2].map((position) => all.hostInGroup(members, position));
    expect(one).toBe(same);
    expect(other).not.toBe(same);
  });

  test("a namespace that goes over to another group is another host there, and the former one when it is back", () => {
    const membership = new Membership(groups, () => 1);
    const members = membership.of(1);
    if (members === null) throw new Error("no members");
    const numbers = [4, 5, 7].map((to) => {
      membership.advance(to, () => undefined);
      return membership.hostInGroup(members, 0);
    });
    expect(numbers[1]).not.toBe(numbers[0]);
    expect(numbers[2]).toBe(numbers[0]);
  });
});
