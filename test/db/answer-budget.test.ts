/** A field that looks through the fleet's rollups may be named in a document often, and not as often as anybody likes. */
import { describe, expect } from "vitest";
import { asking } from "../support/graphql.ts";
import { at, overflows, T0 } from "../support/one-host.ts";
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

  test("what listeners did is asked once for all of them over one range", async ({ store }) => {
    for (let index = 0; index < 3; index++) {
      const sockets = Array.from({ length: 40 }, (_, socket) => ({
        inode: String(socket),
        drops: 0,
        limit: 128,
        peakQueue: 1,
        samplesFull: 0,
      }));
      const listeners = { samples: 1, complete: true, sockets };
      const host = await newHost(store);
      await append(store, [await rowOf(store, host, at(0, overflows(0), { listeners }))]);
    }
    await worker(store).rollUp(NOW);
    const { hosts } = await asking(store.db, NOW).ask(`{ hosts { edges { node { ${listener} } } } }`);
    expect(hosts.edges).toHaveLength(3);
  });
});
