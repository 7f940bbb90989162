/**
 * Episodes of TCP made on the kernel of this machine, seen by the real agent; recorded ones on the real service.
 *
 * A few of them here; with SPILLWAY_TEST_RUNS of 100 or more, as at night, all. Where no namespace may be made
 * the recordings stand in (test/unit/episodes.test.ts).
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import type { HostSection } from "../../src/protocol/message.ts";
import { EPISODES, episodeNamed } from "../support/episodes/catalog.ts";
import { BY_FLAG, diagnosed, expectTruth } from "../support/episodes/first-cause.ts";
import { canMake, makeEpisode } from "../support/episodes/make-episode.ts";
import { replayEpisode } from "../support/episodes/replay.ts";
import { increasesOver, misfits } from "../support/episodes/signature.ts";
import { end } from "../support/network.ts";
import { suiteService } from "../support/own-database-service.ts";
import { descendantsOf, stateOf } from "../support/processes.ts";
import { push } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const QUICK = [
  "application-stopped",
  "stalled-beside-busy",
  "honest-burst",
  "syn-flood",
  "syn-scan",
  "server-unread",
];
const NIGHTLY = Number(process.env.SPILLWAY_TEST_RUNS ?? 0) >= 100;
/** Two of those of the night take their minutes. */
const TIMEOUT_MS = 320_000;
const LIVE = NIGHTLY ? EPISODES : QUICK.map(episodeNamed);

describe("made on this kernel, the agent sees the signature, and the first cause is right, of", () => {
  for (const episode of LIVE) {
    test.runIf(canMake(episode))(
      `${episode.name} (where namespaces are allowed)`,
      async () => {
        const { pushes, clients } = await makeEpisode(episode.name, { everyMs: episode.everyMs ?? 500 });
        const sections = pushes.flatMap(({ hosts }) => hosts);
        expect(misfits(episode, sections, clients)).toEqual([]);
        if (!BY_FLAG.includes(episode.truth.cause ?? "")) {
          expectTruth(diagnosed(sections), episode, sections);
        }
      },
      TIMEOUT_MS,
    );
  }
});

const stalled = episodeNamed("application-stopped");

test.runIf(canMake(stalled))(
  "nothing of an episode outlives its test, a stopped application neither (where namespaces are allowed)",
  async () => {
    const module = new URL("../support/episodes/make-episode.ts", import.meta.url).href;
    const code = `import { makeEpisode } from ${JSON.stringify(module)}; await makeEpisode("${stalled.name}");`;
    const folder = await mkdtemp(join(tmpdir(), "spillway-episodes-test-"));
    const maker = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], {
      env: { ...process.env, TMPDIR: folder },
      stdio: "ignore",
    });
    try {
      const stopped = () => descendantsOf(maker).filter((pid) => stateOf(pid) === "T");
      await waitFor("the application to be stopped", () => stopped().length > 0, { timeoutMs: 60_000 });
      const started = descendantsOf(maker);
      maker.kill("SIGKILL");
      await waitFor("the end of all that was started", () => started.every((pid) => stateOf(pid) === null));
    } finally {
      await end(maker);
      await rm(folder, { recursive: true, force: true });
    }
  },
);

describe("on the real service", () => {
  const COUNTERS = [
    "TcpPassiveOpens",
    "TcpActiveOpens",
    "TcpAttemptFails",
    "TcpEstabResets",
    "TcpExtListenOverflows",
    "TcpExtListenDrops",
    "TcpExtSyncookiesSent",
  ];
  const service = suiteService();

  /** Increases of the host over the last hour, as the service tells them. */
  async function told(host: string): Promise<unknown> {
    const fields = COUNTERS.map((name) => `${name}: increase(counter: "${name}", range: { last: "1h" })`);
    const { data } = await service.graphql(`{ host(name: "${host}") { ${fields.join(" ")} } }`);
    return data.host;
  }

  /** A host is found by its name a moment after its first push. */
  async function expectTold(host: string, sections: readonly HostSection[]): Promise<void> {
    const increases = increasesOver(sections);
    const expected = Object.fromEntries(COUNTERS.map((name) => [name, String(increases.get(name))]));
    let seen: unknown;
    await waitFor(`the increases of ${host}`, async () => {
      seen = await told(host);
      return isDeepStrictEqual(seen, expected);
    }).catch(() => undefined);
    expect(seen, host).toEqual(expected);
  }

  test("every recorded episode is stored, once, and the service tells its increases", async () => {
    const sent = new Map(EPISODES.map(({ name }) => [name, replayEpisode(name)]));
    for (const [name, sections] of sent) {
      const { results } = await service.pushed(push(...sections));
      expect(results, name).toEqual(results.map(() => ({ status: "stored" })));
      const again = await service.pushed(push(...sections));
      expect(again.results, name).toEqual(results.map(() => ({ status: "duplicate" })));
    }
    for (const [name, sections] of sent) await expectTold(name, sections);
  });

  test("a replay shows its listener, full", async () => {
    await service.pushed(push(...replayEpisode("two-listeners", { host: "one-of-two" })));
    const listeners = await waitFor("its listeners", async () => {
      const { data } = await service.graphql(
        '{ host(name: "one-of-two") { listeners { port acceptQueue backlog } } }',
      );
      return data.host?.listeners as unknown[] | undefined;
    });
    expect(listeners).toHaveLength(2);
    expect(listeners).toContainEqual({ port: 9090, acceptQueue: 9, backlog: 8 });
    expect(listeners).toContainEqual({ port: 8080, acceptQueue: 0, backlog: 128 });
  });

  test.runIf(canMake(stalled))(
    "an episode that is made now goes through agent and service as it was (where namespaces are allowed)",
    async () => {
      const made = await makeEpisode(stalled.name, {
        everyMs: 500,
        host: "live",
        answer: async (body) => {
          const response = await service.push(body);
          return { status: response.status, body: await response.text() };
        },
      });
      const sections = made.pushes.flatMap(({ hosts }) => hosts);
      expect(misfits(stalled, sections, made.clients)).toEqual([]);
      await expectTold("live", sections);
    },
  );
});
