/**
 * A real overflow on the real kernel, followed through the agent, the service, the rollup job and GraphQL:
 * a listener with backlog 4 that is stopped, and thirty connections.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { end, firstLine, makeNetwork, readCounter, script } from "../support/network.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { cleanEnvironment, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));

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
  const state = await mkdtemp(join(tmpdir(), "spillway-agent-"));
  const database = await createDatabase(inject("postgresUrl"));
  const service = await startService({
    databaseUrl: databaseUrlOf(inject("postgresUrl"), database),
    env: {
      SPILLWAY_LISTEN: network.address,
      SPILLWAY_INTERVAL: "500ms",
      ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    },
  });
  const tokenFile = join(state, "token");
  await writeFile(tokenFile, await service.token("ingest"), { mode: 0o600 });
  const agent = network.node(
    [
      AGENT,
      "--server",
      service.url,
      "--token-file",
      tokenFile,
      "--state-dir",
      join(state, "state"),
      "--name",
      "victim",
      "--interval",
      "500ms",
      // Its root is the test's own namespace; what the machine does in others is none of its host's.
      "--namespaces",
      "root",
    ],
    cleanEnvironment(),
  );
  const listener = network.node([script("listener"), "127.0.0.1", "4"]);
  const children = [agent, listener];
  let agentLog = "";
  agent.stderr?.setEncoding("utf8").on("data", (text: string) => {
    agentLog += text;
  });
  try {
    const port = await firstLine(listener);
    const pid = listener.pid ?? 0;
    const ask = async (fields: string) =>
      (await service.graphql(`query ($since: DateTime!) { ${fields} }`, { since })).data;
    const before = {
      overflows: readCounter(pid, "ListenOverflows"),
      drops: readCounter(pid, "ListenDrops"),
    };
    const since = new Date(Date.now() - 60_000).toISOString();
    await waitFor(
      "the agent's first snapshots",
      async () => {
        const { host } = await ask(
          `host(name: "victim") { increase(counter: "TcpInSegs", range: {from: $since}) }`,
        );
        return host?.increase != null;
      },
      { timeoutMs: 60_000 },
    );

    listener.kill("SIGSTOP");
    const clients = network.node([script("connect"), "127.0.0.1", port, "30"]);
    children.push(clients);
    await firstLine(clients);
    await waitFor(
      "the kernel to count overflows",
      () => readCounter(pid, "ListenOverflows") - before.overflows >= 25,
    );
    await end(clients);

    const truth = {
      overflows: readCounter(pid, "ListenOverflows") - before.overflows,
      drops: readCounter(pid, "ListenDrops") - before.drops,
    };
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
      host: { overflows, drops, latest: [{ value: String(before.overflows + truth.overflows) }] },
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
        seen = await ask(fields);
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
    console.error(`the agent wrote:\n${agentLog}\nthe service wrote:\n${service.output()}`);
    throw error;
  } finally {
    await Promise.all(children.map(end));
    await service.stop();
    network.remove();
    await dropDatabase(inject("postgresUrl"), database);
    await rm(state, { recursive: true, force: true });
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
