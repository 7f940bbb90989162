/**
 * Faults on their way through the running service: what hosts push, or a real kernel counts, becomes one incident
 * that names the listener, and is over once.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { replayEpisode } from "../support/episodes/replay.ts";
import { end, firstLine, makeNetwork, script } from "../support/network.ts";
import { push, TestHost } from "../support/pushes.ts";
import { cleanEnvironment, startService } from "../support/service.ts";
import { type IncidentAnswer, incidentsIn, kindsOf, NAMES, story } from "../support/stories.ts";
import { waitFor } from "../support/wait.ts";

const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));
/** For a busy machine, and a rollup that is two seconds away. */
const SEEN_MS = 60_000;

const CALM = { accepted: 50 };
const STALLED = { overflows: 60, drops: 60 };

test("what hosts push becomes incidents, each once, by two workers", async () => {
  const database = await createDatabase(inject("postgresUrl"));
  const databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
  const service = await startService({ databaseUrl });
  const second = await startService({ databaseUrl, role: "work" });
  try {
    const [ill, well, over] = ["ill", "well", "over"].map((name) => new TestHost({ name, names: NAMES }));
    if (ill === undefined || well === undefined || over === undefined) throw new Error("no host");
    const now = Date.now();
    const calm = story(well, now, [
      [30, CALM],
      [1, { accepted: 50, overflows: 2, drops: 2 }],
      [29, CALM],
    ]);
    const stalled = story(ill, now, [
      [54, CALM],
      [6, STALLED, 10],
    ]);
    const recovered = story(over, now, [
      [12, CALM],
      [6, { ...STALLED, accepted: 10 }, 10],
      [42, CALM],
    ]);
    await service.pushed(push(well.section(calm), ill.section(stalled), over.section(recovered)));
    const both = await waitFor(
      "an incident that is on, and one that is over",
      async () => {
        const all = await incidentsIn(service);
        const statuses = all.map(({ status }) => status).sort();
        return statuses.join() === "OPEN,RESOLVED" ? all : null;
      },
      { timeoutMs: SEEN_MS },
    );
    expect(both).toContainEqual(
      expect.objectContaining({
        status: "OPEN",
        severity: "CRITICAL",
        cause: "APPLICATION_STALLED",
        title: "Application accepts nothing on port 8080: ill",
        diagnosis: expect.objectContaining({
          evidence: expect.arrayContaining([{ listener: { port: 8080, owner: "nginx" } }]),
        }),
      }),
    );
    expect(both).toContainEqual(
      expect.objectContaining({
        status: "RESOLVED",
        cause: "APPLICATION_SLOW",
        title: "Application accepts too slowly on port 8080: over",
      }),
    );
    // The same again, and what is judged anew meanwhile, open nothing else.
    await service.pushed(push(ill.section(stalled), over.section(recovered)));
    const { data } = await service.graphql(
      `{ ill: host(name: "ill") { diagnosis { cause summary remedies } } well: host(name: "well") { diagnosis { cause } } }`,
    );
    expect(data).toMatchObject({
      ill: { diagnosis: { cause: "APPLICATION_STALLED" } },
      well: { diagnosis: null },
    });
    await waitFor("a minute that is judged for good", async () => {
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      return /^spillway_judged_minutes_total [1-9]/m.test(metrics) || second.process.exitCode === null;
    });
    const all = await incidentsIn(service);
    expect(all.map(kindsOf).sort()).toEqual([["OPENED"], ["OPENED", "RESOLVED"]]);
    expect((await service.graphql("{ system { queue { failed } } }")).data.system.queue.failed).toBe(0);
  } catch (error) {
    console.error(`the service wrote:\n${service.output()}\nthe second worker:\n${second.output()}`);
    throw error;
  } finally {
    await second.stop();
    await service.stop();
    await dropDatabase(inject("postgresUrl"), database);
  }
});

test("a SYN flood is named though nothing is dropped, and an honest burst is none", async () => {
  const database = await createDatabase(inject("postgresUrl"));
  const service = await startService({ databaseUrl: databaseUrlOf(inject("postgresUrl"), database) });
  let seen: string[] = [];
  try {
    const names = ["syn-flood", "honest-burst", "syn-flood-without-cookies", "quiet"];
    // As an agent of 30 s would have seen them: the counts are those of the kernel.
    const episodes = names.map((name) => replayEpisode(name, { everyMs: 30_000 }));
    for (const sections of episodes) await service.pushed(push(...sections));
    const causes = await waitFor(
      "what each was",
      async () => {
        const found: IncidentAnswer[] = await incidentsIn(service);
        // Where connections were lost, the objective may be told of besides; and after 90 seconds that they are silent.
        const all = found.filter(({ cause }) => cause !== "SLO_BURN" && cause !== "HOST_SILENT");
        seen = found.map(({ title, cause, status }) => `${status} ${cause}, ${title}`);
        return all.length === 3 ? all.map(({ title, cause }) => `${cause}, ${title}`).sort() : null;
      },
      { timeoutMs: 2 * SEEN_MS },
    );
    expect(causes).toEqual([
      "ACCEPT_QUEUE_TOO_SMALL, Accept queue too small on port 8080: honest-burst",
      "SYN_FLOOD, SYN flood, held by cookies: syn-flood",
      "SYN_QUEUE_FULL, SYN queue full on port 8080: syn-flood-without-cookies",
    ]);
    const { data } = await service.graphql(`{
      host(name: "syn-flood") { increase(counter: "ListenDrops", range: {last: "1h"}) }
      anomalies(filter: {detector: "syn_flood"}, first: 9) { edges { node { host { name } } } }
    }`);
    expect(data.host.increase).toBe("0");
    const flooded = data.anomalies.edges.map(
      ({ node }: { node: { host: { name: string } } }) => node.host.name,
    );
    expect(new Set(flooded)).toEqual(new Set(["syn-flood", "syn-flood-without-cookies"]));
  } catch (error) {
    console.error(`incidents: ${seen.join("; ")}\nthe service wrote:\n${service.output()}`);
    throw error;
  } finally {
    await service.stop();
    await dropDatabase(inject("postgresUrl"), database);
  }
});

test("a real listener that is stopped is an incident that names it, and so is its cause", async () => {
  const network = makeNetwork();
  const state = await mkdtemp(join(tmpdir(), "spillway-agent-"));
  const database = await createDatabase(inject("postgresUrl"));
  const service = await startService({
    databaseUrl: databaseUrlOf(inject("postgresUrl"), database),
    env: { SPILLWAY_LISTEN: network.address, SPILLWAY_INTERVAL: "1s" },
  });
  const tokenFile = join(state, "token");
  await writeFile(tokenFile, await service.token("ingest"), { mode: 0o600 });
  const agent = network.node(
    [
      ...[AGENT, "--server", service.url, "--token-file", tokenFile, "--state-dir", join(state, "state")],
      ...["--name", "victim", "--interval", "1s", "--namespaces", "root"],
    ],
    cleanEnvironment(),
  );
  const listener = network.node([script("listener"), "127.0.0.1", "4"]);
  const children = [agent, listener];
  try {
    const port = Number(await firstLine(listener));
    await waitFor(
      "the agent's first snapshots",
      async () => {
        const { data } = await service.graphql(
          `{ host(name: "victim") { increase(counter: "TcpInSegs", range: {last: "5m"}) } }`,
        );
        return data.host?.increase != null;
      },
      { timeoutMs: SEEN_MS },
    );
    listener.kill("SIGSTOP");
    // Each sends its SYN again for as long as it lives.
    const clients = network.node([script("connect"), "127.0.0.1", String(port), "60"]);
    children.push(clients);
    const all: IncidentAnswer[] = await waitFor(
      "an incident",
      async () => {
        const found: IncidentAnswer[] = await incidentsIn(service);
        return found.length > 0 ? found : null;
      },
      { timeoutMs: SEEN_MS },
    );
    const accepting = all.filter(({ cause }) => cause.startsWith("APPLICATION_"));
    expect(accepting).toMatchObject([
      { status: "OPEN", title: expect.stringContaining(`on port ${port}: victim`) },
    ]);
  } catch (error) {
    console.error(`the service wrote:\n${service.output()}`);
    throw error;
  } finally {
    await Promise.all(children.map(end));
    await service.stop();
    network.remove();
    await dropDatabase(inject("postgresUrl"), database);
    await rm(state, { recursive: true, force: true });
  }
});
