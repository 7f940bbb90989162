/** A listener is found again by the id that a list gave it. */
import { expect } from "vitest";
import { asking } from "../support/graphql.ts";
import { at, listening, overflows, T0 } from "../support/one-host.ts";
import { append, newContainer, newHost, rowOf } from "../support/rollups.ts";
import { test } from "../support/store.ts";

test("of a host and of its container", async ({ store }) => {
  const host = await newHost(store);
  const container = await newContainer(store, host.hostId, 1);
  for (const [namespace, inode] of [
    [host, "7"],
    [container, "8"],
  ] as const) {
    const listeners = listening([[inode, 0, 1]]);
    await append(store, [await rowOf(store, namespace, at(0, overflows(0), { listeners }))]);
  }
  const { ask } = asking(store.db, T0 + 60_000);
  const { hosts } = await ask("{ hosts { edges { node { listeners { id namespace { kind } } } } } }");
  const listed = hosts.edges[0].node.listeners;
  expect(listed).toHaveLength(2);
  for (const { id, namespace } of listed) {
    const found = await ask(
      "query ($id: ID!) { node(id: $id) { id ... on Listener { namespace { kind } } } }",
      { id },
    );
    expect(found.node).toEqual({ id, namespace });
  }
  const none = await ask('{ node(id: "listener_9999999999_1_1") { id } }');
  expect(none.node).toBeNull();
});
