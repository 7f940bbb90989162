import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { SpillwayError } from "./errors.ts";
import { parseDuration } from "./protocol/duration.ts";

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return ms;
  context.addIssue(`"${text}" is not a span of time: write 500ms, 30s, 5m, 2h or 7d`);
  return z.NEVER;
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const flag = z.enum(["0", "1"]).transform((text) => text === "1");
const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, "not a Postgres URL: write postgres://user:password@host:5432/database");

/** Every setting of the service, as environment variables. Units are in the names or written with the value. */
export const configSchema = z.object({
  SPILLWAY_LISTEN: z.string().min(1).default("127.0.0.1"),
  SPILLWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  SPILLWAY_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SPILLWAY_DATA_DIR: z.string().startsWith("/", "not an absolute path").optional(),
  DATABASE_URL: postgresUrl.optional(),
  REDIS_URL: z
    .string()
    .regex(/^(rediss?|unix):\/\//, "not a Redis URL: write redis://host:6379")
    .optional(),
  SPILLWAY_DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  SPILLWAY_LOCAL_AGENT: flag.default(true),
  SPILLWAY_INTERVAL: duration.default(10_000),
  SPILLWAY_RAW_RETENTION: duration.default(7 * DAY_MS),
  SPILLWAY_COMPACT_AFTER: duration.default(6 * HOUR_MS),
  SPILLWAY_MINUTE_RETENTION: duration.default(30 * DAY_MS),
  SPILLWAY_HOUR_RETENTION: duration.default(400 * DAY_MS),
  SPILLWAY_CONTAINER_RETENTION: duration.optional(),
  SPILLWAY_LABELS_FILE: z.string().startsWith("/", "not an absolute path").optional(),
  SPILLWAY_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace"]).default("info"),
});

export interface Config {
  readonly listen: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where people reach the service, without a trailing slash; null when it is to be guessed from the listener. */
  readonly publicUrl: string | null;
  readonly dataDir: string;
  /** Null for the embedded Postgres. */
  readonly databaseUrl: string | null;
  /** Null for queues in Postgres. */
  readonly redisUrl: string | null;
  readonly databasePool: number;
  readonly localAgent: boolean;
  /** What agents are asked to keep between two snapshots, in ms. */
  readonly intervalMs: number;
  /** How long each resolution is kept, in ms: snapshots, minutes, hours; none shorter than the one before it. */
  readonly retention: {
    readonly rawMs: number;
    readonly minuteMs: number;
    readonly hourMs: number;
    /** Containers that have ended: by default as long as hours. */
    readonly containerMs: number;
  };
  /** Hours of raw snapshots that ended so long ago are compacted. */
  readonly compactAfterMs: number;
  /** Rules that give labels to hosts; need not be there unless it is named by a setting. */
  readonly labelsFile: string;
  readonly labelsFileNamed: boolean;
  readonly logLevel: string;
}

const RAW_RETENTION_MIN_MS = 2 * DAY_MS;
const COMPACT_AFTER_MIN_MS = HOUR_MS;

/**
 * Reads the environment, once.
 *
 * @throws CONFIGURATION with every fault found, one a line
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // An empty value is how compose files and unit files say "not set".
  const set = Object.entries(environment).filter(([, value]) => value !== undefined && value !== "");
  const result = configSchema.safeParse(Object.fromEntries(set));
  const faults = result.success ? crossCheck(result.data) : issuesOf(result.error);
  for (const [name] of set) {
    if (
      name.startsWith("SPILLWAY_") &&
      !(name in configSchema.shape) &&
      !name.startsWith("SPILLWAY_AGENT_")
    ) {
      faults.push(`${name}: there is no such setting; .env.example lists them all`);
    }
  }
  if (!result.success || faults.length > 0) {
    throw new SpillwayError("CONFIGURATION", ["the configuration has faults:", ...faults].join("\n  "));
  }
  const env = result.data;
  const dataDir = env.SPILLWAY_DATA_DIR ?? defaultDataDir(environment);
  return {
    listen: env.SPILLWAY_LISTEN,
    port: env.SPILLWAY_PORT,
    publicUrl: env.SPILLWAY_PUBLIC_URL?.replace(/\/+$/, "") ?? null,
    dataDir,
    databaseUrl: env.DATABASE_URL ?? null,
    redisUrl: env.REDIS_URL ?? null,
    databasePool: env.SPILLWAY_DATABASE_POOL,
    localAgent: env.SPILLWAY_LOCAL_AGENT,
    intervalMs: env.SPILLWAY_INTERVAL,
    retention: {
      rawMs: env.SPILLWAY_RAW_RETENTION,
      minuteMs: env.SPILLWAY_MINUTE_RETENTION,
      hourMs: env.SPILLWAY_HOUR_RETENTION,
      containerMs: env.SPILLWAY_CONTAINER_RETENTION ?? env.SPILLWAY_HOUR_RETENTION,
    },
    compactAfterMs: env.SPILLWAY_COMPACT_AFTER,
    labelsFile: env.SPILLWAY_LABELS_FILE ?? join(dataDir, "labels.yml"),
    labelsFileNamed: env.SPILLWAY_LABELS_FILE !== undefined,
    logLevel: env.SPILLWAY_LOG_LEVEL,
  };
}

function crossCheck(env: z.infer<typeof configSchema>): string[] {
  const faults: string[] = [];
  if (env.SPILLWAY_RAW_RETENTION < RAW_RETENTION_MIN_MS) {
    faults.push(
      "SPILLWAY_RAW_RETENTION: at least 2d: a day of it is kept back for late snapshots' predecessors",
    );
  }
  if (env.SPILLWAY_MINUTE_RETENTION < env.SPILLWAY_RAW_RETENTION) {
    faults.push(
      "SPILLWAY_MINUTE_RETENTION: at least SPILLWAY_RAW_RETENTION: a late snapshot would bring back minutes that have gone",
    );
  }
  if (env.SPILLWAY_HOUR_RETENTION < env.SPILLWAY_MINUTE_RETENTION) {
    faults.push(
      "SPILLWAY_HOUR_RETENTION: at least SPILLWAY_MINUTE_RETENTION: hours are made of minutes, and answer when those have gone",
    );
  }
  if ((env.SPILLWAY_CONTAINER_RETENTION ?? Number.POSITIVE_INFINITY) < env.SPILLWAY_MINUTE_RETENTION) {
    faults.push(
      "SPILLWAY_CONTAINER_RETENTION: at least SPILLWAY_MINUTE_RETENTION: minutes of containers would be nobody's",
    );
  }
  if (env.SPILLWAY_COMPACT_AFTER < COMPACT_AFTER_MIN_MS) {
    faults.push(
      "SPILLWAY_COMPACT_AFTER: at least 1h: what arrives later for a compacted hour costs more to store",
    );
  }
  if (env.SPILLWAY_INTERVAL < 100 || env.SPILLWAY_INTERVAL > 3_600_000) {
    faults.push("SPILLWAY_INTERVAL: from 100ms to 1h");
  }
  return faults;
}

function issuesOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

function defaultDataDir(environment: Readonly<Record<string, string | undefined>>): string {
  if (process.getuid?.() === 0) return "/var/lib/spillway";
  const dataHome = environment.XDG_DATA_HOME;
  return join(dataHome?.startsWith("/") === true ? dataHome : join(homedir(), ".local", "share"), "spillway");
}
