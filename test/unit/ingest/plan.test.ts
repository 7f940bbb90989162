/** To which snapshots a fault of a push is charged. */
import { expect, test } from "vitest";
import { planPush } from "../../../src/ingest/snapshots/accept.ts";
import { DEPS, host, namespace, push, SENDER, snapshot } from "../../fuzz/targets/wire.ts";

/** What becomes of one snapshot of each namespace listed, and of one of the root. */
async function planned(section: object, namespaces: readonly unknown[]): Promise<readonly object[]> {
  const places = [...namespaces.keys(), undefined];
  const snapshots = places.map((place) => ({ ...snapshot, namespace: place }));
  const body = { ...push, hosts: [{ ...host, ...section, namespaces, snapshots }] };
  return (await planPush(DEPS, SENDER, body)).slots;
}

test.each<[string, unknown, RegExp]>([
  ["a NUL in its name", { ...namespace, name: "a\0b.service" }, /namespaces\[1\]\.name: has a character/],
  ["half a pair in its id", { ...namespace, containerId: "web\ud83d" }, /namespaces\[1\]\.containerId/],
  ["no inode", { ...namespace, inode: undefined }, /namespaces\[1\]\.inode/],
  ["another form altogether", null, /namespaces\[1\]: /],
])("a namespace with %s costs its own snapshots alone", async (_name, bad, message) => {
  const good = { ...namespace, birth: 18 };
  expect(await planned({}, [namespace, bad, good])).toMatchObject([
    { namespaceId: 2 },
    { status: "rejected", code: "MALFORMED", message: expect.stringMatching(message) },
    { namespaceId: 3 },
    { namespaceId: 1, isRoot: true },
  ]);
});

test("one that no snapshot is of costs nothing", async () => {
  const body = { ...push, hosts: [{ ...host, namespaces: [namespace, { name: "\0" }] }] };
  expect((await planPush(DEPS, SENDER, body)).slots).toMatchObject([{ namespaceId: 2 }]);
});

test("a fault of what is said of the host is one of all its snapshots", async () => {
  const refused = {
    status: "rejected",
    code: "MALFORMED",
    message: expect.stringMatching(/hosts\[0\]\.name/),
  };
  expect(await planned({ name: "web\0" }, [namespace])).toMatchObject([refused, refused]);
});
