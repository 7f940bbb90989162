/**
 * A service that is down while a real Prometheus goes on scraping a real node_exporter. Nightly for five minutes:
 * SPILLWAY_TEST_OUTAGE_MS=300000.
 */
import { describe, expect, inject, test } from "vitest";
import type { Db } from "../../src/store/client.ts";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { makeNetwork } from "../support/network.ts";
import { startOverflowing } from "../support/overflowing.ts";
import { hasPrometheus, type Scrape, startScraped } from "../support/prometheus.ts";
import { makeToken, startService, withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const OUTAGE_MS = Number(process.env.SPILLWAY_TEST_OUTAGE_MS ?? 25_000);
const OVERFLOWS = "node_netstat_TcpExt_ListenOverflows";
const MINUTE = 60_000;

/** By how much the counter grew in each minute, by the minute's end in seconds: of its scrapes, from the one before. */
function grownByMinute(scrapes: readonly Scrape[]): Map<number, number> {
  const grown = new Map<number, number>();
  scrapes.forEach(({ at, value }, index) => {
    const before = scrapes[index - 1];
    if (before === undefined) return;
    const end = (Math.floor(at / MINUTE) + 1) * 60;
    grown.set(end, (grown.get(end) ?? 0) + value - before.value);
  });
  return grown;
}

async function snapshotTimes(db: Db): Promise<number[]> {
  const rows = await db.$queryRaw<{ at: number }[]>`
    SELECT date_part('epoch', at) * 1000 AS at FROM ts.snapshot ORDER BY ts.snapshot.at`;
  return rows.map(({ at }) => Math.round(at));
}

describe.runIf(hasPrometheus)("a real Prometheus and a real node_exporter", () => {
  test(
    `a service that was stopped for ${OUTAGE_MS / 1_000} s has every scrape of it once, in the minute it belongs to`,
    async () => {
      const network = makeNetwork();
      const database = await createDatabase(inject("postgresUrl"));
      const databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
      // Where nobody else asks for a port, it is there still when the service comes back.
      const own = { SPILLWAY_LISTEN: network.address };
      let service = await startService({ databaseUrl, env: own });
      const { port } = new URL(service.url);
      const [token, readToken] = [
        await makeToken(databaseUrl, "ingest"),
        await makeToken(databaseUrl, "read"),
      ];
      const scraped = await startScraped({
        network,
        url: service.url,
        token,
        readToken,
        samplesPerRequest: 500,
      });
      const listener = await startOverflowing(network);
      const instance = network.otherAddress;
      const stored = async (field: string) => {
        const { data } = await service.graphql(`query ($name: String!) { host(name: $name) { ${field} } }`, {
          name: instance,
        });
        return data?.host ?? null;
      };
      const increase = async () =>
        (await stored(`increase(counter: "ListenOverflows", range: {last: "1h"})`))?.increase;
      try {
        await waitFor("the host's first increase", async () => (await increase()) === "0", {
          timeoutMs: 60_000,
        });
        const before = listener.kernel();
        await listener.overflow();

        await service.stop();
        const stopped = Date.now();
        // Overflows soon after the stop, in the middle of it and shortly before its end.
        for (const share of [0, 0.5, 1]) {
          await waitFor("the outage to last", () => Date.now() - stopped >= share * OUTAGE_MS, {
            timeoutMs: OUTAGE_MS + 60_000,
          });
          await listener.overflow();
        }
        service = await startService({ databaseUrl, env: { ...own, SPILLWAY_PORT: port } });
        await listener.overflow();
        const grown = listener.kernel() - before;
        let seen: unknown;
        await waitFor(
          "the kernel's increase",
          async () => {
            seen = await increase();
            return seen === String(grown);
          },
          { timeoutMs: 120_000 + OUTAGE_MS },
        ).catch(() => undefined);
        expect(seen).toBe(String(grown));
        await waitFor(
          "a scrape of the last value",
          async () => (await scraped.samples(OVERFLOWS)).at(-1)?.value === listener.kernel(),
        );

        await scraped.stopScraping();
        let [scrapes, times]: [Scrape[], number[]] = [[], []];
        await waitFor(
          "each scrape to be a snapshot",
          async () => {
            scrapes = await scraped.samples(OVERFLOWS);
            times = await withStore(databaseUrl, ({ db }) => snapshotTimes(db));
            return JSON.stringify(times) === JSON.stringify(scrapes.map(({ at }) => at));
          },
          { timeoutMs: 60_000 },
        ).catch(() => undefined);
        expect(times).toEqual(scrapes.map(({ at }) => at));
        const outage = scrapes.filter(({ at }) => at > stopped && at < stopped + OUTAGE_MS);
        expect(outage.length).toBeGreaterThan(OUTAGE_MS / 2_000);

        const expected = [...grownByMinute(scrapes)];
        expect(expected.reduce((sum, [, value]) => sum + value, 0)).toBe(grown);
        const [from = 0, to = 0] = [expected[0]?.[0], expected.at(-1)?.[0]];
        const ranged = async () => {
          const asked = { query: `increase(${OVERFLOWS}{instance="${instance}"}[1m])`, step: "1m" };
          const form = new URLSearchParams({ ...asked, start: String(from), end: String(to) });
          const response = await fetch(`${service.url}/api/v1/query_range`, {
            method: "POST",
            headers: { Authorization: `Bearer ${readToken}` },
            body: form,
          });
          const { data } = (await response.json()) as {
            data: { result: { values: [number, string][] }[] };
          };
          return data.result[0]?.values ?? [];
        };
        await waitFor("the last minute to be over", () => Date.now() > to * 1_000, { timeoutMs: 90_000 });
        let values: [number, string][] = [];
        const wanted = expected.map(([end, value]) => [end, String(value)]);
        await waitFor("a range through the outage", async () => {
          values = await ranged();
          return JSON.stringify(values) === JSON.stringify(wanted);
        }).catch(() => undefined);
        expect(values).toEqual(wanted);
      } finally {
        await Promise.all([listener.end(), scraped.stop()]);
        await service.stop();
        network.remove();
        await dropDatabase(inject("postgresUrl"), database);
      }
    },
    600_000 + 2 * OUTAGE_MS,
  );
});
