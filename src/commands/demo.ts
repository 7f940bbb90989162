import { rmSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Config } from "../config.ts";
import type { Demo, DemoOptions } from "../demo/demo.ts";
import { SpillwayError } from "../errors.ts";
import { Facts } from "../ingest/facts.ts";
import { GroupCommit } from "../ingest/group-commit.ts";
import { Presence } from "../ingest/presence.ts";
import { Registry } from "../ingest/registry.ts";
import type { PrismaClient } from "../store/client.ts";
import { Partitions } from "../store/partitions.ts";
import { LATE_MARGIN_MS } from "../store/retention/policy.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";

export const DEMO_USAGE = "demo [--hosts 200] [--hours 24]";

/** Fewer have no five hosts of a role, which is what makes something fleet-wide. */
const HOSTS = { usual: 200, least: 30, most: 2_000 };
/** No host has been up for less than two days when the newest hours begin. */
const HOURS = { usual: 24, least: 2, most: 47 };

/** @throws CONFIGURATION for wrong words */
export function parseDemoWords(words: readonly string[]): DemoOptions {
  let values: { readonly hosts?: string; readonly hours?: string };
  try {
    const options = { hosts: { type: "string" }, hours: { type: "string" } } as const;
    ({ values } = parseArgs({ args: [...words], options, strict: true }));
  } catch (error) {
    throw new SpillwayError("CONFIGURATION", `${(error as Error).message}\nusage: spillway ${DEMO_USAGE}`);
  }
  return {
    hosts: numberOf("hosts", values.hosts, HOSTS),
    hours: numberOf("hours", values.hours, HOURS),
  };
}

function numberOf(name: string, text: string | undefined, { usual, least, most }: typeof HOSTS): number {
  if (text === undefined) return usual;
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new SpillwayError(
    "CONFIGURATION",
    `--${name} ${text}: write a whole number from ${least} to ${most}`,
  );
}

/**
 * The settings of a demo: as those of the service, but in a folder of its own, without an agent of this host, and with
 * nothing compacted, which would keep a machine busy in the first minutes for nobody's good.
 */
export function demoEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return {
    ...environment,
    SPILLWAY_DATA_DIR: join(tmpdir(), `spillway-demo-${process.pid}`),
    SPILLWAY_LOCAL_AGENT: "0",
    SPILLWAY_COMPACT_AFTER: "7d",
    // Nobody is woken for what is simulated.
    SPILLWAY_RECEIVERS_FILE: undefined,
    SPILLWAY_LOG_LEVEL: environment.SPILLWAY_LOG_LEVEL ?? "warn",
  };
}

/** Makes the folder of the demo's data, which goes with the process. @throws what the file system throws */
export async function makeDemoFolder(folder: string): Promise<void> {
  await mkdir(folder);
  // As root the database is another user, who must be able to pass.
  await chmod(folder, 0o711);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
}

interface HistoryParts {
  readonly db: PrismaClient;
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly stopping: () => boolean;
}

/** Writes the history of a demo, and says so on the terminal, for it takes a while. */
export async function writeDemoHistory(demo: Demo, parts: HistoryParts): Promise<void> {
  const { db, config, log, metrics, stopping } = parts;
  const { forgetting, roleLabels, retention } = config;
  const started = performance.now();
  process.stdout.write("Simulating a fleet and its past ... ");
  const presence = new Presence(db, log);
  const ingest = {
    registry: new Registry(db),
    commit: new GroupCommit({ db, partitions: new Partitions(), log, metrics }),
    presence,
    facts: new Facts(db, presence, Date.now),
    oldestAcceptedMs: retention.rawMs - LATE_MARGIN_MS,
  };
  const snapshots = await demo.writeHistory({ db, log, ingest, forgetting, roleLabels, stopping });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(`${snapshots.toLocaleString("en")} snapshots in ${seconds} s\n`);
}
