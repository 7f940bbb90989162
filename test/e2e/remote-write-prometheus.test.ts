/** Remote write from a real Prometheus that scrapes a real node_exporter. */
import { expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { makeNetwork } from "../support/network.ts";
import { startOverflowing } from "../support/overflowing.ts";
import { hasPrometheus, startScraped } from "../support/prometheus.ts";
import { makeToken, startService, withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const OVERFLOWS = "node_netstat_TcpExt_ListenOverflows";

test.runIf(hasPrometheus)(
  "of a real Prometheus and a real node_exporter: a real overflow arrives as the kernel counted it, also over a stop of the service; nothing is lost or doubled",
  async () => {
    const network = makeNetwork();
    const database = await createDatabase(inject("postgresUrl"));
    const databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
    // Where nobody else asks for a port, it is there still when the service comes back.
    const own = { SPILLWAY_LISTEN: network.address };
    let service = await startService({ databaseUrl, env: own });
    const { port } = new URL(service.url);
    const [token, readToken] = [await makeToken(databaseUrl, "ingest"), await makeToken(databaseUrl, "read")];
    const scraped = await startScraped({
      network,
      url: service.url,
      token,
      readToken,
      samplesPerRequest: 37,
    });
    const listener = await startOverflowing(network);
    const stored = async () => {
      const { data } = await service.graphql(
        `query ($name: String!) { host(name: $name) {
        latest(counters: ["ListenOverflows", "ListenDrops"]) { value }
        increase(counter: "ListenOverflows", range: {last: "1h"})
        capabilities { name available reason } } }`,
        { name: network.otherAddress },
      );
      return data?.host ?? null;
    };
    try {
      await waitFor(
        "the host's first values",
        async () => (await stored())?.latest?.[0]?.value !== undefined,
        { timeoutMs: 60_000 },
      );
      const before = listener.kernel();
      await listener.overflow();
      const first = listener.kernel();
      await waitFor(
        "the kernel's value",
        async () => (await stored())?.latest?.[0]?.value === String(first),
        { timeoutMs: 60_000 },
      );
      await waitFor("its increase", async () => (await stored())?.increase === String(first - before), {
        timeoutMs: 60_000,
      });

      await service.kill();
      await listener.overflow();
      service = await startService({ databaseUrl, env: { ...own, SPILLWAY_PORT: port } });
      const last = listener.kernel();
      await waitFor(
        "the increase after the stop",
        async () => (await stored())?.increase === String(last - before),
        {
          timeoutMs: 90_000,
        },
      );

      const missing = ["listeners", "namespaces", "values.exact"];
      await waitFor(
        "what cannot be seen",
        async () => {
          const { capabilities = [] } = (await stored()) ?? {};
          const names = capabilities.filter((one: { available: boolean }) => !one.available);
          return missing.every((name) => names.some((one: { name: string }) => one.name === name));
        },
        { timeoutMs: 60_000 },
      );
      // The label that Prometheus gives to all that it writes is the host's.
      await waitFor(
        "the service's own metrics, with the fleet by region",
        async () => {
          const [up] = await scraped.ask('up{job="spillway"}');
          const regions = await scraped.ask("spillway_fleet_listen_overflows_per_second");
          return up?.value === 1 && regions.some(({ metric }) => metric.region === "eu");
        },
        { timeoutMs: 90_000 },
      );

      // It goes on: an incident opens, as far as these counters allow without a look at the listener.
      let incident: object | undefined;
      let connecting: Promise<void> | null = null;
      await waitFor(
        "an incident with its cause",
        async () => {
          connecting ??= listener.overflow().finally(() => {
            connecting = null;
          });
          const { data } = await service.graphql(
            "{ incidents(filter: {status: [OPEN]}) { edges { node { title cause diagnosis { summary evidence { statement } } } } } }",
          );
          const nodes: { cause: string }[] = data.incidents.edges.map(({ node }: { node: object }) => node);
          incident = nodes.find(({ cause }) => cause === "APPLICATION_STALLED");
          return incident !== undefined;
        },
        { timeoutMs: 120_000 },
      );
      await connecting;
      expect(incident).toMatchObject({
        diagnosis: {
          evidence: expect.arrayContaining([
            { statement: "No queue was seen, so this rests on counters alone." },
          ]),
        },
      });
      await waitFor(
        "the open incident, scraped from the service's own metrics",
        async () => {
          const open = await scraped.ask('spillway_fleet_open_incidents{cause="APPLICATION_STALLED"}');
          return open.some(({ metric, value }) => metric.region === "eu" && value >= 1);
        },
        { timeoutMs: 60_000 },
      );
      await scraped.stopScraping();
      let counts: unknown;
      await waitFor(
        "as many snapshots as scrapes",
        async () => {
          const [{ value: scrapes } = { value: 0 }] = await scraped.ask(`count_over_time(${OVERFLOWS}[1h])`);
          const rows = await withStore(
            databaseUrl,
            ({ db }) => db.$queryRaw<{ count: number }[]>`SELECT count(*)::int AS count FROM ts.snapshot`,
          );
          counts = { scrapes, rows: rows[0]?.count };
          return scrapes === rows[0]?.count;
        },
        { timeoutMs: 180_000 },
      ).catch((error: unknown) => {
        throw new Error(JSON.stringify(counts), { cause: error });
      });
    } finally {
      await Promise.all([listener.end(), scraped.stop()]);
      await service.stop();
      network.remove();
      await dropDatabase(inject("postgresUrl"), database);
    }
  },
  480_000,
);
