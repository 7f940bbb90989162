import { expect, test } from "vitest";
import type { Fleet } from "../../../../src/store/fleet-view.ts";
import { currentLabels, type LabelsOverTime } from "../../../../src/store/queries/groups.ts";
import { stableGroups } from "../../../../src/store/queries/stable-groups.ts";

function fleetOf(facts: object): Fleet {
  const host = { id: 1, labels: { role: "web" } };
  const namespacesOf = new Map([[1, [{ id: 256, hostId: 1, labels: {} }]]]);
  return { facts, hosts: [host], namespacesOf } as unknown as Fleet;
}

test("groups are found once for each set of labels, until a fact of the fleet changes", async () => {
  let asked = 0;
  const labels = async (): Promise<LabelsOverTime> => {
    asked++;
    return currentLabels;
  };
  const [before, after] = [{}, {}];
  const first = await stableGroups(fleetOf(before), ["role"], labels);
  expect(first?.labels).toEqual([{ role: "web" }]);
  expect(await stableGroups(fleetOf(before), ["role"], labels)).toBe(first);
  expect(asked).toBe(1);
  expect((await stableGroups(fleetOf(before), ["zone"], labels))?.labels).toEqual([{ zone: "" }]);
  expect(await stableGroups(fleetOf(after), ["role"], labels)).not.toBe(first);
  expect(asked).toBe(3);
});

test("there are none where a namespace has ever gone over to another group", async () => {
  const labels: LabelsOverTime = () => [
    { from: 0, labels: { version: "1", role: "web" } },
    { from: 100_000_000, labels: { version: "2", role: "web" } },
  ];
  const fleet = fleetOf({});
  expect(await stableGroups(fleet, ["version"], async () => labels)).toBeNull();
  expect((await stableGroups(fleet, ["role"], async () => labels))?.labels).toEqual([{ role: "web" }]);
});
