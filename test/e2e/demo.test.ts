/** The demo as somebody starts it who has nothing: a fleet that does not exist, with faults that detection finds. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { endOf } from "../support/end-of.ts";
import { newMember } from "../support/incidents.ts";
import { cleanEnvironment, withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
/** Writing and judging two hours takes seconds on a machine that has nothing else to do. */
const READY_MS = 240_000;
/** The demo rests between the stretches of its past, for longer than each took. */
const PAST_MS = 120_000;
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

function startDemo(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [MAIN, "demo", ...words], {
    env: { ...cleanEnvironment(), SPILLWAY_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = endOf(child);
  cleanUp.push(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  return { child, ended, output: () => output };
}

test(
  "a small demo shows a fleet that reports, with the incidents of its story, and leaves nothing behind",
  async () => {
    const demo = startDemo(["--hosts", "40", "--hours", "8"]);
    const url = await waitFor(
      "the demo to be ready",
      () => {
        if (demo.child.exitCode !== null) throw new Error(demo.output());
        return /Address +(http:\S+)/.exec(demo.output())?.[1];
      },
      { timeoutMs: READY_MS },
    );
    expect(demo.output()).toContain("Every host here is simulated");
    expect(demo.output()).toMatch(/Sign in +http:\S+\/sign-in\?code=/);
    const folder = /Data +(\S+)/.exec(demo.output())?.[1] ?? "";
    const token = (await readFile(join(folder, "admin-token"), "utf8")).trim();
    const ask = async (query: string) => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ query }),
      });
      const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
      if (errors !== undefined) throw new Error(JSON.stringify(errors));
      return data as never;
    };

    const { system, incidents, events, silences } = (await ask(`{
      system { simulated }
      incidents(first: 50) { edges { node {
        cause status startedAt title hostCount acknowledgedBy useful timeline { edges { node { text } } }
      } } }
      events(range: { last: "8h" }) { kind title }
      silences { comment }
    }`)) as {
      system: { simulated: boolean };
      incidents: { edges: { node: Record<string, unknown> }[] };
      events: unknown[];
      silences: unknown[];
    };
    expect(system.simulated).toBe(true);
    const found = incidents.edges.map(({ node }) => node);
    const begun = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const [before, now] = [false, true].map((isNew) =>
      found.filter((one) => String(one.startedAt) > begun(180) === isNew),
    );
    // The day before: what was found in it was handled, and is over.
    expect(before).toContainEqual(
      expect.objectContaining({
        cause: "APPLICATION_SLOW",
        status: "RESOLVED",
        acknowledgedBy: "ben",
        useful: true,
      }),
    );
    expect(before?.filter(({ cause }) => cause !== "SLO_BURN").map(({ status }) => status)).toEqual([
      "RESOLVED",
      "RESOLVED",
    ]);
    const withCause = (cause: string) => now?.filter((one) => one.cause === cause) ?? [];
    expect(withCause("APPLICATION_STALLED")).toHaveLength(2);
    expect(withCause("APPLICATION_STALLED")).toContainEqual(
      expect.objectContaining({ status: "RESOLVED", useful: true }),
    );
    expect(withCause("ACCEPT_QUEUE_TOO_SMALL")).toEqual([
      expect.objectContaining({ status: "ACKNOWLEDGED", acknowledgedBy: "ben" }),
    ]);
    expect(withCause("SYN_FLOOD")).toHaveLength(1);
    expect(withCause("UPSTREAM_REFUSING")).toHaveLength(1);
    // One of a container, and one of the fleet since a deploy: hosts that were seen before the others are in that now.
    const slow = withCause("APPLICATION_SLOW");
    const open = slow.filter(({ status }) => status === "OPEN");
    expect(open.map(({ hostCount }) => Number(hostCount) >= 5)).toEqual([false, true]);
    for (const one of slow.filter(({ status }) => status !== "OPEN")) {
      expect(JSON.stringify(one.timeline)).toContain("became part of a fleet-wide incident");
    }
    expect(events).toContainEqual({ kind: "DEPLOY", title: "checkout 2.14.0" });
    expect(silences).toHaveLength(2);

    const fleet = "{ fleet { hostCount reportingCount } }";
    await waitFor("all hosts but the silent one to report", async () => {
      const { hostCount, reportingCount } = ((await ask(fleet)) as { fleet: Record<string, number> }).fleet;
      expect(hostCount).toBe(40);
      return reportingCount === 39 || null;
    });
    // What was before the history comes late, and is rolled up as what agents say that were cut off.
    await waitFor(
      "the hours before the history",
      async () => {
        const past = `{ fleet { trend(counter: "TcpPassiveOpens", range: { last: "8h" }, step: "10m") { values } } }`;
        const { trend } = ((await ask(past)) as { fleet: { trend: { values: unknown[] }[] } }).fleet;
        return trend[0]?.values.slice(1, -1).every((value) => value !== null) || null;
      },
      { timeoutMs: PAST_MS },
    );

    demo.child.kill("SIGTERM");
    expect(await demo.ended).toBe(0);
    expect(existsSync(folder)).toBe(false);
  },
  READY_MS + 120_000 + PAST_MS,
);

test("it refuses a database that holds hosts", { timeout: READY_MS }, async () => {
  const database = await createDatabase(inject("postgresUrl"));
  cleanUp.push(() => dropDatabase(inject("postgresUrl"), database));
  const databaseUrl = databaseUrlOf(inject("postgresUrl"), database);
  await withStore(databaseUrl, (store) => newMember(store.db, "web-1", {}));
  const demo = startDemo([], { DATABASE_URL: databaseUrl });
  expect(await demo.ended).toBe(1);
  expect(demo.output()).toContain("holds 1 host");
});
