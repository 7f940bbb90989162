/** A field that looks through the fleet's rollups may be named in a document often, and not as often as anybody likes. */
import { describe, expect } from "vitest";
import type { Store } from "../../src/store/client.ts";
import { asking } from "../support/graphql.ts";
import { at, listening, overflows, T0 } from "../support/one-host.ts";
import { append, newHost, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const NOW = T0 + 3 * 60_000;
const RANGE = `range: {from: "${new Date(T0).toISOString()}", to: "${new Date(NOW).toISOString()}"}`;

describe("in one document", () => {
  const listener = `listeners { attribution(${RANGE}) { drops } peakFill(${RANGE}) }`;
  test.for([
    ["top", (name: string) => `${name}: fleet { top(counter: "ListenOverflows", ${RANGE}) { increase } }`],
    [
      "top of listeners",
      (name: string) =>
        `${name}: fleet { top(counter: "ListenDrops", by: LISTENER, ${RANGE}) { shareOfFleet } }`,
    ],
    [
      "heatmap",
      (name: string) => `${name}: fleet { heatmap(counter: "ListenOverflows", ${RANGE}) { step } }`,
    ],
    ["trend", (name: string) => `${name}: fleet { trend(counter: "ListenOverflows", ${RANGE}) { values } }`],
    ["handshakes", (name: string) => `${name}: fleet { handshakes(${RANGE}) { accepted } }`],
    ["handshakeLoss", (name: string) => `${name}: fleet { handshakeLoss(${RANGE}) { values } }`],
    ["listeners", (name: string) => `${name}: listeners(${RANGE}) { totalCount }`],
    [
      "handshakes of a host",
      (name: string) => `${name}: host(name: "h") { handshakes(${RANGE}) { accepted } }`,
    ],
  ] as const)("%s is answered twenty times, and not sixty", async ([, field], { store }) => {
    const host = await newHost(store);
    for (const seconds of [0, 10, 70]) {
      await append(store, [await rowOf(store, host, at(seconds, overflows(seconds)))]);
    }
    await worker(store).rollUp(NOW);
    const document = (times: number) =>
      `{ ${Array.from({ length: times }, (_, index) => field(`a${index}`)).join(" ")} }`;
    const { ask, refused } = asking(store.db, NOW);
    await ask(document(20));
    const errors = await refused(document(60));
    expect(errors.length).toBeGreaterThan(0);
    for (const { message } of errors) expect(message).toMatch(/look through over 5000000 rows/);
  });

  test("what hosts came to over a long time is answered of many, and not sixty times of each", async ({
    store,
  }) => {
    for (let index = 0; index < 8; index++) {
      await append(store, [await rowOf(store, await newHost(store), at(0, overflows(0)))]);
    }
    await worker(store).rollUp(NOW);
    // By then their snapshots would be gone.
    const later = Date.now() + 40 * 86_400_000;
    const year = `range: {from: "${new Date(NOW - 365 * 86_400_000).toISOString()}", to: "${new Date(NOW).toISOString()}"}`;
    const document = (field: (index: number) => string, times: number) =>
      `{ hosts { edges { node { ${Array.from({ length: times }, (_, index) => `a${index}: ${field(index)}`).join(" ")} } } } }`;
    const increase = () => `increase(counter: "ListenOverflows", ${year})`;
    const rates = () => `rates(counters: ["ListenOverflows", "ListenDrops"], ${year}) { total }`;
    const { ask, refused } = asking(store.db, later);
    for (const field of [increase, rates]) {
      expect((await ask(document(field, 5))).hosts.edges).toHaveLength(8);
      const errors = await refused(document(field, 60));
      expect(errors[0]?.message).toMatch(/look through over 5000000 rows/);
    }
  });

  test("lists that lead to lists are followed so far, and no further", async ({ store }) => {
    await hostOf40Listeners(store);
    const { ask, refused } = asking(store.db, NOW);
    const within = (levels: number) =>
      `{ host(name: "h") ${"{ listeners { address host ".repeat(levels)} { id } ${"} }".repeat(levels)} }`;
    const { host } = await ask(within(2));
    expect(host.listeners[39].host.listeners).toHaveLength(40);
    // The document is alike, and its answer has four million objects.
    const errors = await refused(within(4));
    expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/over 500000 fields/)]);
  });

  test("the values of a series are counted as often as they are asked for", async ({ store }) => {
    const host = await newHost(store);
    await append(store, [await rowOf(store, host, at(0, overflows(0)))]);
    const day = `range: {from: "${new Date(NOW - 86_400_000).toISOString()}", to: "${new Date(NOW).toISOString()}"}`;
    const counters = JSON.stringify(Array.from({ length: 50 }, () => "ListenOverflows"));
    const document = (fields: string) =>
      `{ host(name: "h") { rates(counters: ${counters}, ${day}, step: "10s") { ${fields} } } }`;
    const { ask, refused } = asking(store.db, NOW);
    const { host: found } = await ask(document("a0: values a1: values"));
    expect(found.rates[49].a1).toHaveLength(8_640);
    const often = Array.from({ length: 20 }, (_, index) => `a${index}: values`).join(" ");
    for (const fields of [often, "points { at value }"]) {
      expect(await refused(document(fields))).toEqual([
        expect.objectContaining({ message: expect.stringMatching(/over 500000 fields/) }),
      ]);
    }
  });

  test("what listeners did is asked once for all of them over one range", async ({ store }) => {
    for (let index = 0; index < 3; index++) await hostOf40Listeners(store);
    await worker(store).rollUp(NOW);
    const { hosts } = await asking(store.db, NOW).ask(`{ hosts { edges { node { ${listener} } } } }`);
    expect(hosts.edges).toHaveLength(3);
  });
});

async function hostOf40Listeners(store: Store): Promise<void> {
  const sockets = Array.from({ length: 40 }, (_, inode): [string, number, number] => [String(inode), 0, 1]);
  const host = await newHost(store);
  await append(store, [await rowOf(store, host, at(0, overflows(0), { listeners: listening(sockets) }))]);
}
