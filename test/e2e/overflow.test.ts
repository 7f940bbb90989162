/**
 * A real overflow on the real kernel, followed through the agent, the service, the rollup job and GraphQL:
 * a listener with backlog 4 that is stopped, and thirty connections.
 */
import { expect, test } from "vitest";
import { makeNetwork } from "../support/network.ts";
import { startOnOwnDatabase } from "../support/own-database-service.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { startVictim } from "../support/victim.ts";
import { waitFor } from "../support/wait.ts";

function equals(seen: unknown, expected: unknown): boolean {
  try {
    expect(seen).toEqual(expected);
    return true;
  } catch {
    return false;
  }
}

async function followOverflow(redisUrl: string | null): Promise<void> {
  const network = makeNetwork();
  const service = await startOnOwnDatabase({
    env: {
      SPILLWAY_LISTEN: network.address,
      SPILLWAY_INTERVAL: "500ms",
      ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    },
  });
  const victim = await startVictim(network, service, "500ms");
  try {
    const since = new Date(Date.now() - 60_000).toISOString();
    await victim.reports();
    const truth = await victim.overflow();
    expect(truth.overflows).toBeGreaterThanOrEqual(25);
    const fields = `
      host(name: "victim") {
        overflows: increase(counter: "ListenOverflows", range: {from: $since})
        drops: increase(counter: "TcpExtListenDrops", range: {from: $since})
        latest(counters: ["TcpExtListenOverflows"]) { value }
      }
      fleet {
        overflows: trend(counter: "TcpExtListenOverflows", range: {from: $since}, measure: INCREASE) { total }
        drops: trend(counter: "ListenDrops", range: {from: $since}, measure: INCREASE) { total }
        affected: trend(counter: "ListenOverflows", range: {from: $since}, measure: AFFECTED) { values }
        top(counter: "ListenOverflows", range: {from: $since}) { host { name } increase shareOfFleet }
      }`;
    // Fields of one query are read side by side, and a rollup may come in between: all must agree in the end.
    const overflows = String(truth.overflows);
    const drops = String(truth.drops);
    const expected = {
      host: { overflows, drops, latest: [{ value: String(victim.before.overflows + truth.overflows) }] },
      fleet: {
        overflows: [{ total: overflows }],
        drops: [{ total: drops }],
        affected: [{ values: expect.arrayContaining([1]) }],
        top: [{ host: { name: "victim" }, increase: overflows, shareOfFleet: 1 }],
      },
    };
    let seen: unknown;
    await waitFor(
      "exactly the kernel's increase, everywhere",
      async () => {
        seen = (await service.graphql(`query ($since: DateTime!) { ${fields} }`, { since })).data;
        return equals(seen, expected);
      },
      { timeoutMs: 60_000 },
    ).catch(() => undefined);
    expect(seen).toEqual(expected);
    const { data } = await service.graphql("{ system { queue { backend failed } } }");
    expect(data.system.queue).toEqual({ backend: redisUrl === null ? "postgres" : "redis", failed: 0 });
  } catch (error) {
    console.error(
      JSON.stringify(
        await service.graphql(
          '{hosts{edges{node{id name lastSeen status latest(counters:["TcpInSegs"]){value at} increase(counter:"TcpInSegs",range:{last:"5m"})}}} system{time}}',
        ),
      ),
    );
    console.error(`the agent wrote:\n${victim.agentLog()}\nthe service wrote:\n${service.output()}`);
    throw error;
  } finally {
    await victim.remove();
    await service.close();
    network.remove();
  }
}

test("an overflow is seen exactly, with the queues in Postgres", () => followOverflow(null));

test.runIf(hasRedis)(
  "an overflow is seen exactly, with the queues in Redis (where redis-server is found)",
  async () => {
    const redis = await startRedis();
    try {
      await followOverflow(redis.url);
    } finally {
      await redis.stop();
    }
  },
);
