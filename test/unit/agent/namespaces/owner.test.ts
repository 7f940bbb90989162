import { expect, onTestFinished, test } from "vitest";
import { readOwner } from "../../../../agent/namespaces/owner.ts";
import { isQuickNamespace } from "../../../../src/ingest/snapshots/quick.ts";
import { namespaceSchema } from "../../../../src/ingest/snapshots/schema.ts";
import { makeFakeProcfs } from "../support/fake-namespaces.ts";
import { temporaryFolder } from "../support/procfs.ts";

/** What is said of the namespace of a process. */
function ownerOf(cgroup: string, comm = "sleep") {
  const fake = makeFakeProcfs(temporaryFolder(onTestFinished));
  fake.namespace("a");
  fake.start(7, "a", { startMs: 10, cgroup: `0::${cgroup}\n`, comm });
  return readOwner(fake.procfs, 7);
}

test.each([
  ["a unit of a user's choice", "/user.slice/a\\x00b.service", "sleep"],
  ["a scope with bytes that are no UTF-8", "/a\\xff\\xed\\xa0\\x80.scope", "sleep"],
  ["a long name of wide characters", `/${"\u{1f600}".repeat(130)}.service`, "sleep"],
  ["a container with a wide name", "/lxc.payload.\u{1f600}0123456789\u{1f600}\u{1f600}", "sleep"],
  ["a process with control characters", "/", "e\u001b\u0001"],
])("whatever somebody names it, the service takes it: %s", (_case, cgroup, comm) => {
  const wire = { inode: "4026532206", birth: 10, ...ownerOf(cgroup, comm) };
  expect(namespaceSchema.safeParse(wire).error?.issues).toBeUndefined();
  expect(JSON.stringify(wire)).not.toMatch(/\\u00[01]/);
});

test("a unit's escaped bytes are read as UTF-8, and what cannot be sent is replaced", () => {
  expect(ownerOf("/caf\\xc3\\xa9.service").name).toBe("café.service");
  expect(ownerOf("/a\\x00b.service").name).toBe("a?b.service");
});

test("an id drawn by chance is cut as docker prints it", () => {
  const id = "0123456789abcdef".repeat(4);
  const { labels, containerId } = ownerOf(`/system.slice/docker-${id}.scope`);
  expect([labels?.container, containerId]).toEqual(["0123456789ab", id]);
});

test.each([
  ["/lxc.payload.juju-a1b2c3-0", "juju-a1b2c3-0"],
  ["/lxc/webserver-eu-west-12", "webserver-eu-west-12"],
  ["/machine.slice/systemd-nspawn@debian-build-2.service", "debian-build-2"],
  [`/ecs/${"0".repeat(32)}/${"0".repeat(32)}-1234567890`, `${"0".repeat(32)}-1234567890`],
])("a name is left whole, for another may begin alike: %s", (cgroup, name) => {
  expect(ownerOf(cgroup).labels?.container).toBe(name);
});

test("what is plain needs no closer look of the service", () => {
  expect(isQuickNamespace({ inode: "1", birth: 1, ...ownerOf("/system.slice/redis.service") })).toBe(true);
});
