/** Pages of incidents and anomalies: together they hold everything once, and what they cost does not grow. */
import { describe, expect } from "vitest";
import { attachAnomalies, recordAnomalies } from "../../src/store/incidents/anomalies.ts";
import { planDelivery } from "../../src/store/incidents/deliveries.ts";
import { readIncidents } from "../../src/store/incidents/incident-pages.ts";
import { asking } from "../support/graphql.ts";
import { anomalyOn, diagnosisOf, judge, newMember, recover, T0 } from "../support/incidents.ts";
import { append, rowOf } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const NOW = T0 + 60 * MINUTE;
const PAGE = "edges { cursor node { id startedAt } } pageInfo { hasNextPage hasPreviousPage endCursor }";

interface Began {
  readonly id: string;
  readonly startedAt: string;
}

interface Page {
  readonly edges: readonly { readonly node: Began }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly endCursor: string | null;
  };
}

/** The nodes of all pages of a list, with something done between each two. */
async function walk(
  read: (after: string | null) => Promise<Page>,
  between: () => Promise<unknown>,
): Promise<Began[]> {
  const nodes: Began[] = [];
  let after: string | null = null;
  for (let pages = 0; ; pages++) {
    const { edges, pageInfo }: Page = await read(after);
    nodes.push(...edges.map(({ node }) => node));
    expect(pageInfo.hasPreviousPage).toBe(pages > 0);
    if (!pageInfo.hasNextPage) return nodes;
    after = pageInfo.endCursor;
    await between();
  }
}

/** Newest first, and those of one moment by number. */
function newestFirst(nodes: readonly Began[]): Began[] {
  const number = ({ id }: Began) => Number(/[0-9]+$/.exec(id)?.[0]);
  return [...nodes].sort(
    (a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || number(b) - number(a),
  );
}

describe("pages that follow each other", () => {
  test("hold every incident once, whatever is opened, changed and resolved meanwhile", async ({
    store: { db },
  }) => {
    const { ask } = asking(db, NOW);
    for (let index = 0; index < 24; index++) {
      await judge(db, { dedupKey: `${index}`, startedAt: T0 + (index % 7) * 1_000 });
    }
    const known = await readIncidents(db, {}, { after: null, limit: 100 });
    expect(known).toHaveLength(24);
    const question = `query($after: String) { incidents(first: 5, after: $after) { ${PAGE} } }`;
    let more = 0;
    const nodes = await walk(
      async (after) => (await ask(question, { after })).incidents,
      async () => {
        more++;
        await judge(db, { dedupKey: `new ${more}`, startedAt: T0 + (more % 9) * 1_000 });
        await judge(db, { dedupKey: "3", judgedAt: T0 + (more + 5) * MINUTE, severity: "CRITICAL" });
        await recover(db, { dedupKey: `${10 + more}` });
      },
    );
    const ids = nodes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(known.filter(({ id }) => !ids.includes(`incident_${id}`))).toEqual([]);
    expect(nodes).toEqual(newestFirst(nodes));
  });

  test("hold every anomaly once, of the fleet, a host and an incident", async ({ store: { db } }) => {
    const { ask } = asking(db, NOW);
    const hosts = [await newMember(db, "a"), await newMember(db, "b")];
    const { incidentId } = await judge(db);
    for (const host of hosts) {
      const found = Array.from({ length: 12 }, (_, index) =>
        anomalyOn(host, { detector: `${index}`, startedAt: T0 + (index % 4) * 1_000 }),
      );
      const ids = await recordAnomalies(db, found);
      await attachAnomalies(
        db,
        incidentId,
        ids.map((id) => ({ hostId: host.hostId, id })),
      );
    }
    const list = `anomalies(first: 5, after: $after) { ${PAGE} }`;
    const lists: [string, number, (after: string | null) => Promise<Page>][] = [
      ["fleet", 24, async (after) => (await ask(`query($after: String) { ${list} }`, { after })).anomalies],
      [
        "host",
        12,
        async (after) =>
          (await ask(`query($after: String) { host(name: "a") { ${list} } }`, { after })).host.anomalies,
      ],
      [
        "incident",
        24,
        async (after) =>
          (await ask(`query($after: String) { incident(id: "${incidentId}") { ${list} } }`, { after }))
            .incident.anomalies,
      ],
    ];
    let more = 0;
    for (const [what, known, read] of lists) {
      const nodes = await walk(read, async () => {
        const found = hosts.map((host) => anomalyOn(host, { detector: `new ${more++}`, startedAt: NOW }));
        await recordAnomalies(db, found);
      });
      expect(new Set(nodes.map(({ id }) => id)).size, what).toBe(nodes.length);
      expect(
        nodes.filter(({ startedAt }) => Date.parse(startedAt) < NOW),
        what,
      ).toHaveLength(known);
      expect(nodes, what).toEqual(newestFirst(nodes));
    }
  });
});

test("a page of 50 incidents with all that is theirs takes no more statements than one of 5", async ({
  store,
}) => {
  const { db } = store;
  for (let index = 0; index < 50; index++) {
    const host = await newMember(db, `web-${index}`, { role: "web" });
    const row = await rowOf(store, host, {
      at: NOW - MINUTE,
      uptimeMs: 1e6,
      everyMs: 10_000,
      boot: "boot",
      epoch: 0,
      wordSize: 64,
      layout: ["TcpExtListenDrops"],
      values: { TcpExtListenDrops: 1n },
      listeners: {
        samples: 1,
        complete: true,
        sockets: [{ inode: "1", drops: 1, peakQueue: 5, limit: 4, samplesFull: 1 }],
      },
    });
    await append(store, [row]);
    const listener = { namespaceId: host.namespaceId, inode: "1", address: "0.0.0.0", port: 81 };
    const { incidentId } = await judge(db, {
      dedupKey: `${index}`,
      hosts: [host],
      diagnosis: diagnosisOf(listener),
    });
    const [id = 0] = await recordAnomalies(db, [anomalyOn(host)]);
    await attachAnomalies(db, incidentId, [{ hostId: host.hostId, id }]);
    const delivery = {
      receiver: "pager",
      kind: "OPENED",
      idempotencyKey: `${index}`,
      groupId: null,
    } as const;
    await planDelivery(db, { ...delivery, incidents: [{ id: incidentId, firing: true }] }, NOW);
  }
  const everything = (first: number) => `{
    incidents(first: ${first}, filter: {labels: [{name: "role", op: RE, value: "w.*"}], host: null}) { edges { node {
      title labels hostCount hostNames silences { id }
      hosts(first: 5) { edges { node { name namespaces { kind } listeners { port } } } }
      anomalies(first: 5) { edges { node { explanation host { name } namespace { kind } counter { name } incident { id } } } }
      diagnosis { cause evidence { statement counter { name } listener { port host { name } advice } } }
      timeline(first: 5) { edges { node { kind text } } }
      deliveries(first: 5) { edges { node { receiver status } } }
    } } }
    hosts(first: ${first}) { edges { node { diagnosis { summary } anomalies(first: 3, filter: {open: true}) { edges { node { detector } } } } } }
  }`;
  const [few, many] = [asking(db, NOW), asking(db, NOW)];
  await few.ask(everything(5));
  const { incidents, hosts } = await many.ask(everything(50));
  expect(many.statements()).toBeLessThanOrEqual(few.statements() + 1);
  expect(many.statements()).toBeLessThanOrEqual(20);

  expect(incidents.edges).toHaveLength(50);
  for (const { node } of incidents.edges) {
    const [name] = node.hostNames;
    expect(node).toMatchObject({
      hostCount: 1,
      hosts: { edges: [{ node: { name, listeners: [{ port: 81 }] } }] },
      anomalies: { edges: [{ node: { host: { name }, counter: { name: "TcpExtListenOverflows" } } }] },
      diagnosis: { evidence: [{ listener: { port: 81, host: { name } } }, { listener: null }] },
      timeline: { edges: [{ node: { kind: "OPENED" } }] },
      deliveries: { edges: [{ node: { receiver: "pager", status: "PENDING" } }] },
    });
  }
  expect(hosts.edges).toHaveLength(50);
  for (const { node } of hosts.edges) {
    expect(node).toEqual({
      diagnosis: { summary: "the application is slow" },
      anomalies: { edges: [{ node: { detector: "burst" } }] },
    });
  }
});
