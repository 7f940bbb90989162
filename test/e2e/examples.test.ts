/** The ten questions of docs/api.md against the running service: each is answered, and with what the story is about. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { exampleFleet } from "../support/example-fleet.ts";
import { judge } from "../support/incidents.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push } from "../support/pushes.ts";
import { type GraphqlAnswer, withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const FOLDER = fileURLToPath(new URL("../../src/graphql/examples/", import.meta.url));
const DOCS = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
const files = readdirSync(FOLDER).sort();
const textOf = (file: string) => readFileSync(`${FOLDER}${file}`, "utf8");

const service = suiteService();

beforeAll(async () => {
  // It ends with a minute that is over, so that every answer is of whole minutes.
  const end = Math.floor(Date.now() / 60_000) * 60_000 - 1_000;
  const sections = exampleFleet(end);
  for (const section of sections) await service.pushed(push(section));
  await waitFor(
    "the rollups",
    async () => {
      const { data } = await service.graphql("{ system { rollup { pendingMarks } } }");
      return data.system.rollup.pendingMarks === 0;
    },
    { timeoutMs: 120_000 },
  );
  // Heard of again: that may have taken longer than a host reports that is heard of once.
  for (const section of sections) {
    await service.pushed(push({ ...section, snapshots: section.snapshots.slice(-1) }));
  }
  await waitFor("that the hosts were heard of", async () => {
    const { data } = await service.graphql("{ fleet { reportingCount } }");
    return data.fleet.reportingCount === 4;
  });
  const { errors } = await service.graphql(
    "mutation ($input: EventInput!) { recordEvent(input: $input) { id } }",
    {
      input: {
        kind: "DEPLOY",
        title: "shop 2",
        at: new Date(end - 360_000).toISOString(),
        matchers: [{ name: "role", value: "web" }],
      },
    },
  );
  expect(errors).toBeUndefined();
  await withStore(service.databaseUrl, async ({ db }) => {
    const host = await db.host.findFirstOrThrow({ where: { name: "web-3" } });
    await judge(db, {
      hosts: [{ hostId: host.id, hostName: host.name }],
      startedAt: end - 300_000,
      judgedAt: end,
      title: "shop on web-3 accepts too slowly",
      diagnosis: {
        cause: "APPLICATION_SLOW",
        contributing: [],
        severity: "MAJOR",
        confidence: 0.8,
        summary: "shop on port 8080 accepts 10 connections a second while more come.",
        evidence: [
          {
            statement: "ListenOverflows rose by 252 in a minute.",
            counter: "TcpExtListenOverflows",
            value: 252,
            listener: null,
          },
        ],
        remedies: ["Find what keeps shop from accepting; a larger backlog will not help."],
      },
    });
  });
});

/** What a question must find; variables where it has none by default. */
const FINDS: Readonly<
  Record<string, { readonly variables?: object; readonly finds: (data: GraphqlAnswer["data"]) => void }>
> = {
  "01-which-hosts.graphql": {
    finds: ({ fleet }) => {
      expect(fleet.top[0]).toMatchObject({ host: { name: "web-3" }, shareOfFleet: 1 });
      expect(fleet.top).toHaveLength(1);
    },
  },
  "02-what-share-since-when.graphql": {
    finds: ({ fleet: { handshakes, handshakeLoss } }) => {
      expect(handshakes.share).toBeGreaterThan(0);
      const values = handshakeLoss[0].values.filter((value: number | null) => value !== null);
      expect([values[0], Math.max(...values) > 0.003]).toEqual([0, true]);
    },
  },
  "03-which-containers.graphql": {
    finds: ({ fleet }) => {
      expect(fleet.top[0]).toMatchObject({ namespace: { name: "shop-7d9f", kind: "CONTAINER" } });
    },
  },
  "04-which-listeners.graphql": {
    finds: ({ fleet }) => {
      expect(fleet.top[0]).toMatchObject({ listener: { port: 8080, owner: "shop", backlog: 128 } });
      // It was well for most of the time, and full at every look since: no larger backlog is advised.
      expect(fleet.top[0].listener.advice).toMatch(
        /too slowly or not at all, and a larger backlog will not help/,
      );
    },
  },
  "05-which-queues-fill.graphql": {
    finds: ({ listeners }) => {
      expect(listeners.edges[0].node).toMatchObject({ port: 8080, peakFill: 1 });
    },
  },
  "06-what-about-this-host.graphql": {
    variables: { name: "web-3" },
    finds: ({ host }) => {
      expect(host).toMatchObject({ status: "REPORTING", listeners: [{ port: 8080, backlog: 128 }] });
      expect(host.rates.map(({ total }: { total: string | null }) => Number(total) > 0)).toEqual([
        true,
        true,
        true,
        false,
      ]);
    },
  },
  "07-why-and-what-to-do.graphql": {
    finds: ({ incidents }) => {
      // What the service has found of the fleet itself may stand beside it.
      const nodes = incidents.edges.map(({ node }: { node: { title: string } }) => node);
      const told = nodes.find(({ title }: { title: string }) => title === "shop on web-3 accepts too slowly");
      expect(told).toMatchObject({
        cause: "APPLICATION_SLOW",
        hostNames: ["web-3"],
        diagnosis: { evidence: [{ counter: { name: "TcpExtListenOverflows" } }] },
      });
    },
  },
  "08-did-a-version-do-it.graphql": {
    finds: ({ fleet }) => {
      expect(fleet.events.map(({ kind, title }: { kind: string; title: string }) => [kind, title])).toEqual([
        ["DEPLOY", "shop 2"],
      ]);
      const dropping = fleet.trend.filter(({ total }: { total: string }) => Number(total) > 0);
      expect(dropping.map(({ labels }: { labels: object }) => labels)).toEqual([{ version: "2" }]);
    },
  },
  "09-what-does-it-count.graphql": {
    finds: ({ counter }) => {
      expect(counter).toMatchObject({ name: "TcpExtListenOverflows", kind: "COUNTER" });
    },
  },
  "10-what-is-not-seen.graphql": {
    finds: ({ silent, hosts }) => {
      expect(silent.totalCount).toBe(0);
      expect(hosts.edges).toHaveLength(4);
    },
  },
};

describe("an example query", () => {
  test.for(files)("%s finds what it asks for, and is in docs/api.md as it is", async (file) => {
    const example = FINDS[file];
    if (example === undefined) throw new Error(`FINDS has nothing for ${file}`);
    const { data, errors } = await service.graphql(textOf(file), example.variables);
    expect(errors).toBeUndefined();
    if (process.env.SPILLWAY_TEST_PRINT !== undefined) console.info(file, JSON.stringify(data, null, 1));
    example.finds(data);
    expect(DOCS).toContain(textOf(file).trim());
  });
});
