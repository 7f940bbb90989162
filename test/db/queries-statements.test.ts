/** What a page costs the database does not grow with the page. */
import { expect } from "vitest";
import { asking } from "../support/graphql.ts";
import type { OracleSnapshot } from "../support/oracle.ts";
import { append, newHost, rowOf, worker } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const NOW = T0 + 3 * 60_000;
const HOSTS = 50;

function snapshotAt(seconds: number): OracleSnapshot {
  const drops = BigInt(seconds);
  return {
    at: T0 + seconds * 1000,
    uptimeMs: 1e6 + seconds * 1000,
    everyMs: 10_000,
    boot: "boot",
    epoch: 0,
    wordSize: 64,
    layout: ["TcpPassiveOpens", "TcpExtListenOverflows", "TcpExtListenDrops"],
    values: { TcpPassiveOpens: 10n * drops, TcpExtListenOverflows: drops, TcpExtListenDrops: drops },
    listeners: {
      samples: 1,
      complete: seconds === 0,
      sockets: [{ inode: "1", drops: seconds, peakQueue: 5, limit: 4, samplesFull: 1 }],
    },
  };
}

test("a page of 50 hosts is read with no more statements than one of 5", async ({ store }) => {
  for (let host = 0; host < HOSTS; host++) {
    const made = await newHost(store);
    await append(store, [
      await rowOf(store, made, snapshotAt(0)),
      await rowOf(store, made, snapshotAt(30)),
      await rowOf(store, made, snapshotAt(70)),
    ]);
  }
  await worker(store).rollUp(NOW);
  const range = `range: {from: "${new Date(T0).toISOString()}", to: "${new Date(NOW).toISOString()}"}`;
  const questions: [string, (first: number) => string][] = [
    [
      "hosts",
      (first) => `{ hosts(first: ${first}) { edges { node { name sysctls namespaces { id lastSeen }
        handshakes(${range}) { accepted lost share }
        listeners { port advice peakFill(${range}) attribution(${range}) { drops } } } } } }`,
    ],
    [
      "rates",
      // Of more than 32 hosts the snapshots are read in as many lots.
      (first) => `{ hosts(first: ${Math.min(first, 32)}) { edges { node {
        rates(counters: ["PassiveOpens", "ListenOverflows", "ListenDrops"], ${range}, step: "10s") { values total } } } } }`,
    ],
    [
      "top",
      (first) =>
        `{ fleet { top(counter: "ListenDrops", by: NAMESPACE, first: ${first}, ${range}) { namespace { id } } } }`,
    ],
    [
      "worst",
      (first) =>
        `{ fleet { top(counter: "ListenDrops", by: LISTENER, first: ${first}, ${range}) { listener { port } } } }`,
    ],
    [
      "listeners",
      (first) =>
        `{ listeners(first: ${first}, ${range}) { edges { node { port host { name } namespace { id } } } } }`,
    ],
  ];
  for (const [name, question] of questions) {
    const [few, many] = [asking(store.db, NOW), asking(store.db, NOW)];
    await few.ask(question(5));
    await many.ask(question(HOSTS));
    // Fewer where what is looked at once a second was looked at just before.
    expect(many.statements(), name).toBeLessThanOrEqual(few.statements() + 1);
  }
  const day = asking(store.db, NOW);
  const counters = [
    ...["PassiveOpens", "ListenOverflows", "ListenDrops", "ActiveOpens", "AttemptFails", "EstabResets"],
    ...["InSegs", "OutSegs", "RetransSegs", "TCPReqQFullDrop"],
  ];
  const answered = (await day.ask(
    `{ hosts(first: 20) { edges { node { rates(range: {last: "24h"}, step: "5m",
        counters: ${JSON.stringify(counters)}) { values } } } } }`,
  )) as { readonly hosts: { readonly edges: readonly unknown[] } };
  expect(answered.hosts.edges).toHaveLength(20);
  // Twelve parts of two hours, the look-ups of ten counters, and what is looked at once.
  expect(day.statements(), "20 hosts x 10 counters x 24 h").toBeLessThan(60);

  const answer = await asking(store.db, NOW).ask(
    `{ hosts(first: 500) { edges { node { a: handshakes(${range}) { accepted } b: handshakes(${range}) { accepted share } } } } }`,
  );
  const { hosts } = answer as {
    hosts: { edges: { node: { a: { accepted: string }; b: { accepted: string; share: number } } }[] };
  };
  expect(hosts.edges).toHaveLength(HOSTS);
  for (const { node } of hosts.edges) {
    expect(node).toEqual({
      a: { accepted: "700" },
      b: { accepted: "700", share: expect.closeTo(10 / 710, 9) },
    });
  }
});
